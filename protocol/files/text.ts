import { accept, fault, type Result, refuse } from '../values/refusal.ts';

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/** Windows writes UTF-16 with a mark in front; all else is UTF-8, whose mark is dropped. */
function encodingOf(bytes: Uint8Array): Encoding {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}

const NOT_TEXT = 'the file is not UTF-8 text; save it again as UTF-8';

/** The text of a whole file, in UTF-8 or in UTF-16 with its mark. Refuses with `input-format`. */
export function decodeText(bytes: Uint8Array): Result<string> {
  try {
    return accept(new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes));
  } catch {
    return refuse('input-format', NOT_TEXT);
  }
}

/** The lines of a file that is never in memory as a whole, without their ends. Throws `input-format`. */
export async function* decodeLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  let open = '';
  for await (const chunk of chunks) {
    decoder ??= new TextDecoder(encodingOf(chunk), { fatal: true });
    const lines = decodePart(decoder, chunk).split('\n');
    lines[0] = open + (lines[0] ?? '');
    open = lines.pop() ?? '';
    yield* lines;
  }
  yield open + (decoder === undefined ? '' : decodePart(decoder));
}

function decodePart(decoder: TextDecoder, chunk?: Uint8Array): string {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch {
    throw fault('input-format', NOT_TEXT);
  }
}

/** The start of a file as text, or undefined where it has characters that no text has. */
export function readTextStart(start: Uint8Array): string | undefined {
  const text = new TextDecoder(encodingOf(start)).decode(start);
  for (const letter of text) {
    const code = letter.charCodeAt(0);
    if ((code < 0x20 && (code < 0x09 || code > 0x0d) && code !== 0x1b) || code === 0x7f) {
      return undefined;
    }
  }
  return text;
}
