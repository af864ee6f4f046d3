import { type JsonSchema, toJsonSchemaDefs } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import type { Named } from '../describe.ts';

export type { JsonSchema };

/** What says nothing of JSON: a brand, a cut, and that a number is one. */
const SILENT = ['brand', 'trim', 'finite'];

/** The schemas as JSON Schemas (draft 2020-12), where those that are named refer to each other. */
export function describeSchemas(named: Named): Record<string, JsonSchema> {
  return toJsonSchemaDefs(named, {
    target: 'draft-2020-12',
    typeMode: 'input',
    ignoreActions: SILENT,
    overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
    overrideSchema: ({ valibotSchema }) =>
      valibotSchema.type === 'file'
        ? { type: 'string', contentMediaType: 'application/octet-stream' }
        : undefined,
    // A rule that has no keyword of JSON Schema, or a pattern, is said in its own words.
    overrideAction: ({ valibotAction, jsonSchema }) => {
      const said = 'message' in valibotAction ? valibotAction.message : undefined;
      if (typeof said === 'string') return { ...jsonSchema, description: said };
      return undefined;
    },
  });
}

/** One schema that has no name. */
export const describeSchema = (schema: v.GenericSchema): JsonSchema =>
  describeSchemas({ schema })['schema'] ?? {};
