import { accept, type Result, refuse } from '../values/refusal.ts';

/** One item of a file, and where it is in it. */
export interface JsonItem {
  value: unknown;
  /** `line 3`, or `item 3` in a file that is one array; counted from 1. */
  at: string;
}

/** How a text is read. */
export interface JsonReading {
  /** Whether the only value of a text is an array of items. */
  isArray(value: unknown): boolean;
  /** Long whole numbers become texts, since a double would round them. */
  exact: boolean;
}

/** A document is read whole; lines are not, so that only a document needs a bound. */
const DOCUMENT_CHARS_MAX = 64 * 1024 * 1024;

/**
 * The items of a text: one JSON value a line, or all of them in one JSON array, however it is laid
 * out. NaN and Infinity as Python writes them become texts.
 */
export function* readJsonItems(
  text: string,
  { isArray, exact }: JsonReading,
): Generator<Result<JsonItem>> {
  const lines = linesOf(text);
  const first = lines.next();
  if (first.done) return;
  const { line, number } = first.value;
  const value = readJson(line, exact);
  const second = lines.next();
  if (value === undefined || (second.done && isArray(value))) {
    const whole = value ?? readDocument(text, exact);
    if (whole === undefined) return yield refuseLine(line, number);
    const items = isArray(whole) ? (whole as unknown[]) : [whole];
    for (const [index, item] of items.entries()) {
      yield accept({ value: item, at: items === whole ? `item ${index + 1}` : 'line 1' });
    }
    return;
  }
  yield accept({ value, at: `line ${number}` });
  for (let next = second; !next.done; next = lines.next()) {
    const item = readJson(next.value.line, exact);
    if (item === undefined) return yield refuseLine(next.value.line, next.value.number);
    yield accept({ value: item, at: `line ${next.value.number}` });
  }
}

/** Lines with something on them, and their numbers. */
function* linesOf(text: string): Generator<{ line: string; number: number }> {
  for (let [start, number] = [0, 1]; start < text.length; number += 1) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(start, end);
    if (line.trim() !== '') yield { line, number };
    start = end + 1;
  }
}

const readDocument = (text: string, exact: boolean): unknown =>
  text.length > DOCUMENT_CHARS_MAX ? undefined : readJson(text, exact);

/** Strings, even unclosed ones, numbers, and what JSON has no word for. */
const TOKENS = /"(?:[^"\\]|\\.)*"?|-?\d+(?:\.\d*)?(?:e[+-]?\d+)?|-?\b(?:nan|inf(?:inity)?)\b/gi;
const LONG = /^-?\d{16,}$/;
const NAMES: Readonly<Record<string, string>> = { n: 'NaN', i: 'Infinity', '-': '-Infinity' };

/** A JSON value, or undefined where the text is none. */
function readJson(text: string, exact: boolean): unknown {
  const rounds = exact && /\d{16}/.test(text);
  const known = rounds ? undefined : parse(text);
  if (known !== undefined) return known;
  return parse(
    text.replace(TOKENS, (token) => {
      if (token.startsWith('"')) return token;
      if (/\d/.test(token)) return rounds && LONG.test(token) ? `"${token}"` : token;
      return `"${NAMES[token.charAt(0).toLowerCase()]}"`;
    }),
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function refuseLine(line: string, number: number): Result<never> {
  const at = `line ${number}`;
  const hint = line.includes("'")
    ? 'single quotes are of Python: write it with json.dumps'
    : /,\s*[\]}]/.test(line)
      ? 'take the comma before the closing bracket away'
      : /[[{]/.test(line)
        ? 'write one whole item on each line, or all items in one array'
        : 'write each item as an array: [1, 2, 3]';
  return refuse('input-format', `${at} is not JSON; ${hint}`, at);
}
