import { STATUS_CODES } from 'node:http';
import type { Content, Description, Named } from '../describe.ts';
import { isRepeatable, type Route } from '../route.ts';
import { HUB_VERSION } from '../routes/health.ts';
import { PARTS, PATH_FIELDS } from './parts.ts';
import { sayWords } from './say-words.ts';
import { describeSchema, describeSchemas, type JsonSchema } from './schemas.ts';

/** A description of the API as OpenAPI 3.1 has it, as far as ours goes. */
export interface ApiDocument {
  openapi: '3.1.0';
  info: Record<'title' | 'version' | 'description', string>;
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, JsonSchema>;
    responses: Record<string, { description: string; content: Media }>;
    securitySchemes: Record<string, { type: 'http'; scheme: 'bearer'; description: string }>;
  };
}

/** One call. */
export interface Operation {
  operationId: string;
  summary: string;
  /** Who may call. */
  description: string;
  tags: string[];
  parameters: Parameter[];
  requestBody?: { required: true; content: Media };
  responses: Record<string, { description: string; content?: Media } | { $ref: string }>;
  security: Record<string, never[]>[];
}

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: JsonSchema;
}

/** Bodies by media type; bytes have no schema. */
export type Media = Record<string, { schema?: JsonSchema }>;

const CALLERS: Record<Route['caller'], string> = {
  anyone: 'Anyone may call.',
  reader: 'Takes an API key.',
  writer: 'Takes an API key that may write.',
  operator: "Takes an operator's API key.",
  verifier: 'Takes the ticket of a verifier that is online.',
};

const IDEMPOTENCY_KEY: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'The same call with the same key is done once and answered alike for a day: a new UUID for each new call.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

const ABOUT =
  'Jobs, models, results and the public records of a Pocketgrid hub. An answer that is no success is an `ApiError`: a code of a closed list and a sentence that says what to do. With 429 and 503 `Retry-After` says when to come again.';

/** Describes all these routes. Throws where one has a parameter or a schema that nobody named. */
export function describeApi(routes: readonly Route[]): ApiDocument {
  const named = new Map(Object.entries(PARTS));
  const paths: ApiDocument['paths'] = {};
  for (const route of routes) {
    collectNames(route.description, named);
    const path = pathOf(route);
    const calls = paths[path] ?? {};
    calls[route.method.toLowerCase()] = describeRoute(route);
    paths[path] = calls;
  }
  const refusal = { schema: { $ref: '#/components/schemas/ApiError' } };
  return {
    openapi: '3.1.0',
    info: { title: 'Pocketgrid hub', version: HUB_VERSION, description: ABOUT },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: sayWords(describeSchemas(Object.fromEntries(named))),
      responses: {
        Refusal: { description: 'A refusal', content: { 'application/json': refusal } },
      },
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key: `pg_…`.' },
        ticket: { type: 'http', scheme: 'bearer', description: 'The ticket of a `welcome`.' },
      },
    },
  };
}

/** The path as OpenAPI writes it: `/v1/jobs/{job}`. */
const pathOf = ({ path }: Pick<Route, 'path'>): string =>
  path.replaceAll(/:(\w+)(\{[^}]*\})?/g, '{$1}');

function describeRoute(route: Route): Operation {
  const { does, query = {}, body, answers } = route.description;
  const path = pathOf(route);
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const known = Object.entries(answers).map(([status, content]) => {
    const description = STATUS_CODES[status] ?? status;
    const media = contentOf(content);
    const isEmpty = Object.keys(media).length === 0;
    return [status, isEmpty ? { description } : { description, content: media }] as const;
  });
  return {
    operationId: nameOf(route.method, path),
    summary: does,
    description: CALLERS[route.caller],
    tags: [tagOf(path)],
    parameters: [
      ...inPath.map((name) => describeField('path', name, PATH_FIELDS)),
      ...Object.keys(query).map((name) => describeField('query', name, query)),
      ...(isRepeatable(route) ? [IDEMPOTENCY_KEY] : []),
    ],
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body) } }),
    responses: {
      ...Object.fromEntries(known),
      default: { $ref: '#/components/responses/Refusal' },
    },
    security: securityOf(route),
  };
}

/** Calls are sorted by what their path begins with. */
function tagOf(path: string): string {
  const [, first = '', second = first] = path.split('/');
  return TAGS[second] ?? second;
}
const TAGS: Readonly<Record<string, string>> = {
  ...{ key: 'keys', docs: 'description', 'openapi.json': 'description' },
  ...{ outputs: 'verifiers', fingerprints: 'verifiers' },
};

/** `GET /v1/jobs/{job}/events` is `getJobsByJobEvents`. */
function nameOf(method: string, path: string): string {
  const words = (path.startsWith('/v1/') ? path.slice(3) : `/unversioned${path}`)
    .replaceAll(/\{(\w+)\}/g, 'by/$1')
    .split(/\W+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  return method.toLowerCase() + words.join('');
}

function describeField(where: Parameter['in'], name: string, fields: Named): Parameter {
  const schema = fields[name];
  if (schema === undefined) throw new RangeError(`PATH_FIELDS has no ${name}`);
  const { description, ...rest } = describeSchema(schema);
  return {
    name,
    in: where,
    required: where === 'path',
    ...(description === undefined ? {} : { description }),
    schema: rest,
  };
}

const contentOf = (content: Content): Media =>
  Object.fromEntries(
    Object.entries(content).map(([media, named]) => {
      const [name] = Object.keys(named ?? {});
      return [media, name === undefined ? {} : { schema: refTo(name) }];
    }),
  );

const refTo = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

function securityOf({ caller, description }: Route): Operation['security'] {
  if (caller === 'verifier') return [{ ticket: [] }];
  if (caller !== 'anyone') return [{ key: [] }];
  return description.takesToken ? [{ key: [] }, { ticket: [] }] : [];
}

/** Adds the schemas that a route names. */
function collectNames({ body = {}, answers }: Description, named: Map<string, Named[string]>) {
  for (const content of [body, ...Object.values(answers)]) {
    for (const [name, schema] of Object.values(content).flatMap((each) =>
      Object.entries(each ?? {}),
    )) {
      const other = named.get(name);
      if (other !== undefined && other !== schema) {
        throw new RangeError(`two schemas are called ${name}`);
      }
      named.set(name, schema);
    }
  }
}
