import * as v from 'valibot';
import type { BatchLine } from '#protocol/openai/batch.ts';
import { EmbeddingRequest } from '#protocol/openai/embeddings.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import type { TextTokenizer } from '../tasks/tokenizer.ts';

/** Lines of one batch. */
export const BATCH_LINES_MAX = 50_000;
const CUSTOM_ID_MAX = 512;

/** A line of a batch (OpenAI, Batch, request input object). */
const RequestLine = v.strictObject({
  custom_id: v.pipe(v.string(), v.minLength(1), v.maxLength(CUSTOM_ID_MAX)),
  method: v.literal('POST', 'expected "POST"'),
  url: v.string(),
  body: v.unknown(),
});

/** A line that is well: what its answer needs, and its texts. */
export interface GoodLine {
  line: BatchLine;
  texts: string[];
  /** Tokens of its longest text. */
  longest: number;
}

/** What is wrong with a line. */
export interface WrongLine {
  custom_id: string | null;
  error: { code: string; message: string };
}

/** What lines are read against. */
export interface LineRules {
  endpoint: string;
  model: string;
  tokenizer: TextTokenizer;
}

/** Names the model of a batch: that of its first line that names one. */
export function nameModel(text: string): string | undefined {
  for (const line of text.split('\n')) {
    const value = parse(line);
    const body = (value as { body?: { model?: unknown } } | undefined)?.body;
    if (typeof body?.model === 'string') return body.model;
  }
  return undefined;
}

/** Reads the lines of a batch, each by itself: a wrong one harms no other. */
export async function* readBatchLines(
  lines: AsyncIterable<string>,
  rules: LineRules,
): AsyncGenerator<GoodLine | WrongLine> {
  const known = new Set<string>();
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line.trim() === '') continue;
    yield readLine(line, { ...rules, known, at: `line ${number}` });
  }
}

function readLine(
  text: string,
  { endpoint, model, tokenizer, known, at }: LineRules & { known: Set<string>; at: string },
): GoodLine | WrongLine {
  const value = parse(text);
  const named = (value as { custom_id?: unknown } | undefined)?.custom_id;
  const id = typeof named === 'string' ? named.slice(0, CUSTOM_ID_MAX) : null;
  const wrong = (code: string, message: string): WrongLine => ({
    ...{ custom_id: id, error: { code, message: `${at}: ${message}` } },
  });
  if (value === undefined) {
    return wrong('invalid_json_line', 'this is not JSON; write one whole request on each line');
  }
  const line = decodeWith(RequestLine, value);
  if (!line.ok) return wrong('invalid_request', line.refusal.message);
  const { custom_id, url, body } = line.value;
  if (known.has(custom_id)) {
    return wrong('duplicate_custom_id', `custom_id ${custom_id} stands on an earlier line too`);
  }
  known.add(custom_id);
  if (url !== endpoint)
    return wrong('invalid_url', `url is ${url}, and the batch is of ${endpoint}`);
  const read = readBody(body, { model, tokenizer });
  if ('code' in read) return wrong(read.code, read.message);
  return { ...read, line: { custom_id, ...read.line } };
}

/** What is asked for, or what is wrong with it. */
export type ReadBody =
  | (Omit<GoodLine, 'line'> & { line: Omit<BatchLine, 'custom_id'> })
  | WrongLine['error'];

/** Reads the body of a request for embeddings. */
export function readBody(
  body: unknown,
  { model, tokenizer }: Pick<LineRules, 'model' | 'tokenizer'>,
): ReadBody {
  const request = decodeWith(EmbeddingRequest, body);
  if (!request.ok) return { code: 'invalid_request', message: `body: ${request.refusal.message}` };
  const { input, encoding_format: encoding = 'float', dimensions } = request.value;
  if (request.value.model !== model) {
    const message = `body.model is ${request.value.model}, and the other lines name ${model}: a batch has one model`;
    return { code: 'mismatched_model', message };
  }
  const counted = countTexts(typeof input === 'string' ? [input] : input, tokenizer);
  if ('code' in counted) return counted;
  const { texts, tokens, longest } = counted;
  const cut = dimensions === undefined ? {} : { dimensions };
  return { line: { texts: texts.length, tokens, encoding, ...cut }, texts, longest };
}

/** Counts the tokens of texts; says so where one is longer than the model takes. */
export function countTexts(
  texts: string[],
  tokenizer: TextTokenizer,
): { texts: string[]; tokens: number; longest: number } | WrongLine['error'] {
  const lengths = texts.map((each) => tokenizer.count(each));
  const longest = Math.max(...lengths);
  if (longest > tokenizer.longest) {
    const message = `body.input has a text of ${longest} tokens, and the model takes ${tokenizer.longest}; shorten it`;
    return { code: 'context_length_exceeded', message };
  }
  return { texts, tokens: lengths.reduce((sum, length) => sum + length, 0), longest };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
