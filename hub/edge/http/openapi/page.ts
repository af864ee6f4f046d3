import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import type { ApiDocument, Media, Operation } from './document.ts';
import type { JsonSchema } from './schemas.ts';
import { STYLE } from './style.ts';

/** The page loads nothing and runs nothing; its one style sheet is named by its hash. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

type Html = ReturnType<typeof html>;
type Schemas = ApiDocument['components']['schemas'];

/** A description of the API as a page of HTML for people. */
export async function printPage(document: ApiDocument): Promise<string> {
  const groups = groupCalls(document);
  const { info, components } = document;
  const page = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title}: API</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<header>
<h1>${info.title}: API</h1>
<p>${ticked(info.description)}</p>
<p>The same for programs, as OpenAPI 3.1: <a href="/v1/openapi.json">/v1/openapi.json</a></p>
</header>
<nav aria-label="Groups of calls">
${[...groups.keys()].map((tag) => html`<a href="#group-${tag}">${tag}</a> `)}<a href="#schemas">schemas</a>
</nav>
<main>
${[...groups].map(
  ([tag, calls]) =>
    html`<section><h2 id="group-${tag}">${tag}</h2>${calls.map((call) => printCall(call, components.schemas))}</section>`,
)}
<section><h2 id="schemas">schemas</h2>
${Object.entries(components.schemas).map(
  ([name, schema]) =>
    html`<details><summary><code>${name}</code></summary><div id="${name}">${schema.description === undefined ? '' : html`<p>${ticked(schema.description)}</p>`}${printSchema(schema)}</div></details>`,
)}
</section>
</main>
</body>
</html>`;
  return String(page);
}

interface ListedCall {
  method: string;
  path: string;
  operation: Operation;
}

function groupCalls({ paths }: ApiDocument): Map<string, ListedCall[]> {
  const groups = new Map<string, ListedCall[]>();
  for (const [path, calls] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(calls)) {
      const [tag = ''] = operation.tags;
      groups.set(tag, [...(groups.get(tag) ?? []), { method, path, operation }]);
    }
  }
  return groups;
}

function printCall({ method, path, operation }: ListedCall, schemas: Schemas): Html {
  const { summary, description, parameters, requestBody, responses, operationId } = operation;
  const fields = parameters.map((each) =>
    printField({
      ...each,
      schema: { description: each.description, ...each.schema } as JsonSchema,
    }),
  );
  const known = Object.entries(responses).flatMap(([status, answer]) =>
    '$ref' in answer
      ? []
      : html`<li><code>${status}</code> ${answer.description}${printMedia(answer.content ?? {}).map((each) => html`, ${each}`)}</li>`,
  );
  return html`<details>
<summary><b class="${method}">${method.toUpperCase()}</b> <code>${path}</code> <span>${ticked(summary)}</span></summary>
<div id="${operationId}">
<p>${description}</p>
<pre><code>${curlOf({ method, path, operation }, schemas)}</code></pre>
${fields.length > 0 ? html`<h3>Parameters</h3><dl>${fields}</dl>` : ''}
${requestBody === undefined ? '' : html`<h3>Body</h3><ul>${printMedia(requestBody.content).map((each) => html`<li>${each}</li>`)}</ul>`}
<h3>Answers</h3><ul>${known}<li>4xx and 5xx: <a href="#ApiError">ApiError</a></li></ul>
</div></details>`;
}

const printMedia = (media: Media): Html[] =>
  Object.entries(media).map(
    ([name, { schema }]) =>
      html`<code>${name}</code>${schema === undefined ? '' : html`: ${printType(schema)}`}`,
  );

/** A call as one types it. */
function curlOf({ method, path, operation }: ListedCall, schemas: Schemas): string {
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `$${name.toUpperCase()}`);
  const [media, body] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const key = operation.security.length > 0 ? ' -H "Authorization: Bearer $KEY"' : '';
  const verb = method === 'get' || media !== undefined ? '' : ` -X ${method.toUpperCase()}`;
  const put = method === 'put' ? ' -X PUT' : '';
  return `curl -sS${verb || put} $HUB${url}${key}${media === undefined ? '' : bodyOf(media, body?.schema, schemas)}`;
}

function bodyOf(media: string, schema: JsonSchema | undefined, schemas: Schemas): string {
  if (media === 'application/json') return ` -H 'Content-Type: ${media}' -d @body.json`;
  const { $ref } = schema ?? {};
  if ($ref === undefined) return ' --data-binary @FILE';
  const { properties = {}, required = [] } = schemas[$ref.split('/').at(-1) ?? ''] ?? {};
  const partOf = (name: string): string => {
    const { $ref: other, const: only } = properties[name] as JsonSchema;
    return `${name}=${only ?? (other === undefined ? '@FILE' : `@${name}.json`)}`;
  };
  return required.map((name) => ` -F ${partOf(name)}`).join('');
}

/** What a value is, in a few words; a schema with a name is a link to it. */
function printType(schema: JsonSchema): Html {
  const { $ref, anyOf, oneOf, items, prefixItems, type } = schema;
  if ($ref !== undefined) {
    const name = $ref.split('/').at(-1);
    return html`<a href="#${name}">${name}</a>`;
  }
  const some = anyOf ?? oneOf;
  if (some !== undefined) return joined(some.map((each) => printType(each as JsonSchema)));
  const values = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (values !== undefined) {
    return joined(values.map((each) => html`<code>${JSON.stringify(each)}</code>`));
  }
  if (prefixItems !== undefined) return html`list of ${prefixItems.length}`;
  if (schema.contentMediaType !== undefined) return html`file`;
  if (type === 'array') return html`list of ${printType((items ?? {}) as JsonSchema)}`;
  return html`${type ?? 'anything'}${boundsOf(schema)}`;
}

const joined = (all: readonly Html[]): Html =>
  html`${all.map((each, at) => (at === 0 ? each : html` or ${each}`))}`;

function boundsOf({
  minimum,
  maximum,
  minLength,
  maxLength,
  pattern,
  description,
}: JsonSchema): Html {
  const most = maximum === undefined || maximum >= 1e15 - 1 ? undefined : maximum;
  const numbers = rangeOf(minimum, most);
  const letters = rangeOf(minLength, maxLength);
  // A pattern that is said in words is not shown.
  const isShown = pattern !== undefined && description === undefined;
  return html`${numbers && `, ${numbers}`}${letters && `, ${letters} characters`}${isShown ? html`, <code>${pattern}</code>` : ''}`;
}

function rangeOf(least: number | undefined, most: number | undefined): string {
  if (most !== undefined) return `${least ?? 0} to ${most}`;
  return least === undefined || least === 0 ? '' : `from ${least}`;
}

/** A schema whole: its fields, or its type. */
function printSchema(schema: JsonSchema): Html {
  const { properties, required = [] } = schema;
  if (properties === undefined) return html`<p>${printType(schema)}</p>${printInside(schema)}`;
  const fields = Object.entries(properties).map(([name, each]) =>
    printField({ name, required: required.includes(name), schema: each as JsonSchema }),
  );
  return html`<dl>${fields}</dl>`;
}

function printField(field: { name: string; required: boolean; schema: JsonSchema }): Html {
  const { name, required, schema } = field;
  return html`<dt><code>${name}</code> ${printType(schema)}${required ? '' : html` <i>optional</i>`}</dt>
<dd>${schema.description === undefined ? '' : ticked(schema.description)}${printInside(schema)}</dd>`;
}

/** The fields of what stands inside a schema and has no name. */
function printInside(schema: JsonSchema): Html | string {
  if (schema.properties !== undefined) return printSchema(schema);
  const inside = [schema.items, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  const own = inside.filter((each) => typeof each === 'object' && !('$ref' in each));
  return html`${own.map((each) => printInside(each as JsonSchema))}`;
}

/** Text in which words stand between backticks. */
const ticked = (text: string): Html =>
  html`${text.split('`').map((part, at) => (at % 2 === 0 ? part : html`<code>${part}</code>`))}`;
