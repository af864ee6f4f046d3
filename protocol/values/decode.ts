import * as v from 'valibot';
import { accept, type RefusalCode, type Result, refuse } from './refusal.ts';

/** Decodes an unknown value once, at the edge. The refusal names the first bad field's path. */
export function decodeWith<TSchema extends v.GenericSchema>(
  schema: TSchema,
  value: unknown,
  code: RefusalCode = 'message-malformed',
): Result<v.InferOutput<TSchema>> {
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return accept(parsed.output);
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  if (path === null) return refuse(code, issue.message);
  return refuse(code, `${path}: ${issue.message}`, path);
}

/** Decodes JSON text with a schema; text that is not JSON is refused like any other bad value. */
export function decodeJson<TSchema extends v.GenericSchema>(
  schema: TSchema,
  text: string,
  code: RefusalCode = 'message-malformed',
): Result<v.InferOutput<TSchema>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(code, 'expected JSON text; check for a missing quote, bracket or a cut-off end');
  }
  return decodeWith(schema, value, code);
}
