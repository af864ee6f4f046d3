import { Validator } from '@seriousme/openapi-schema-validator';
import * as v from 'valibot';
import { expect, it } from 'vitest';
import { openTestHub } from '../../test-hub.ts';
import { listRoutes } from '../api.ts';
import { json, NOTHING } from '../describe.ts';
import { type ApiPorts, anyone, type Route } from '../route.ts';
import { type ApiDocument, describeApi } from './document.ts';

const ports = { store: { keys: {} }, hub: {}, settlement: {} } as unknown as ApiPorts;
const hub = openTestHub(() => ({ needsVerifier: false }));
const routes = listRoutes(ports);

const read = async () => (await (await fetch(`${hub.url}/v1/openapi.json`)).json()) as ApiDocument;
const placeOf = ({ method, path }: Route) =>
  `${method.toLowerCase()} ${path.replaceAll(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`;

it('the description has every route and nothing else, each under a name of its own', async () => {
  const { paths } = await read();
  const calls = Object.entries(paths).flatMap(([path, each]) =>
    Object.entries(each).map(([method, operation]) => ({ place: `${method} ${path}`, operation })),
  );
  expect(calls.map(({ place }) => place).sort()).toEqual(routes.map(placeOf).sort());
  expect(calls.length).toBeGreaterThan(50);
  const names = calls.map(({ operation }) => operation.operationId);
  expect(new Set(names).size).toBe(names.length);
});

it('the description is valid OpenAPI 3.1, and what it refers to is in it', async () => {
  const document = await read();
  const validator = new Validator();
  expect(await validator.validate({ ...structuredClone(document) })).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
  expect(() => validator.resolveRefs()).not.toThrow();
});

it('the description says who may call, what a call takes and what it answers', async () => {
  const { paths, components } = await read();
  expect(paths['/v1/jobs/{job}/start']?.['post']).toMatchObject({
    operationId: 'postJobsByJobStart',
    security: [{ key: [] }],
    parameters: [
      { name: 'job', in: 'path', required: true, schema: { type: 'string' } },
      { name: 'Idempotency-Key', in: 'header', required: false },
    ],
  });
  expect(paths['/v1/health']?.['get']?.security).toEqual([]);
  expect(paths['/v1/blobs/{root}']?.['get']?.security).toEqual([{ key: [] }, { ticket: [] }]);
  expect(paths['/v1/keys']?.['post']).toMatchObject({
    requestBody: {
      content: { 'application/json': { schema: { $ref: '#/components/schemas/KeyRequest' } } },
    },
    responses: { 201: { description: 'Created' }, default: {} },
  });
  expect(components.schemas['JobForm']).toMatchObject({
    required: ['options'],
    properties: {
      inputs: { items: { contentMediaType: 'application/octet-stream' } },
      options: { $ref: '#/components/schemas/JobOptions' },
    },
  });
  expect(components.schemas['JobOptions']?.properties?.['unitItems']).toEqual({
    ...{ type: 'integer', minimum: 1, maximum: 4096 },
    description: 'Items per unit. Chosen by the hub when absent.',
  });
  expect(paths['/v1/log/entries']?.['get']?.parameters.at(-1)).toMatchObject({
    name: 'limit',
    required: false,
    schema: { minimum: 0, maximum: 1_000, default: 1_000 },
  });
});

it('a parameter without a schema, and a name with two schemas, are mistakes', () => {
  const strange = anyone('GET /v1/x/:strange', { does: 'x', answers: { 204: NOTHING } }, () => {});
  expect(() => describeApi([strange])).toThrow(/PATH_FIELDS has no strange/);
  const twin = { does: 'x', answers: { 200: json({ Quote: v.string() }) } };
  expect(() => describeApi([anyone('GET /v1/x', twin, () => {})])).toThrow(/two schemas/);
});

it('the page shows every call and schema, and may run and load nothing', async () => {
  const { paths, components } = await read();
  const answer = await fetch(`${hub.url}/v1/docs`);
  const page = await answer.text();
  for (const operation of Object.values(paths).flatMap((each) => Object.values(each))) {
    expect(page).toContain(`id="${operation.operationId}"`);
  }
  for (const name of Object.keys(components.schemas)) expect(page).toContain(`id="${name}"`);
  expect(page).not.toMatch(/<script|javascript:|undefined|\[object/);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(answer.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-[^' ]{44}'; /,
  );
});
