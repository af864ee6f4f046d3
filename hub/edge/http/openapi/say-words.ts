import { WORDS } from './generated/words.ts';
import type { JsonSchema } from './schemas.ts';

/** Schemas with what the doc lines of `protocol/` say of them and their fields, where they do. */
export const sayWords = (schemas: Record<string, JsonSchema>): Record<string, JsonSchema> =>
  mapFields(schemas, (name, schema) => said(schema, name));

function said(schema: JsonSchema, place: string): JsonSchema {
  const words = WORDS[place];
  return { ...within(schema, place), ...(words === undefined ? {} : { description: words }) };
}

/** A schema whose fields have their words: its own, those of its items and of what it may be. */
function within(schema: JsonSchema, place: string): JsonSchema {
  const { properties, items, anyOf } = schema;
  const each = <T>(inner: T): T =>
    typeof inner === 'object' && inner !== null ? (within(inner, place) as T) : inner;
  return {
    ...schema,
    ...(properties && {
      properties: mapFields(properties, (name, field) =>
        typeof field === 'object' ? said(field, `${place}.${name}`) : field,
      ),
    }),
    ...(items !== undefined && !Array.isArray(items) && { items: each(items) }),
    ...(anyOf && { anyOf: anyOf.map(each) }),
  };
}

const mapFields = <T, U>(fields: Record<string, T>, map: (name: string, field: T) => U) =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, map(name, field)]));
