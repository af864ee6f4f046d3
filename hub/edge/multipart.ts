import { type Result, refuse } from '#protocol/refusal.ts';

/** One part of a form (RFC 7578): its field, its file name if it is a file, and its bytes. */
export interface Part {
  field: string;
  filename?: string;
  /** Must be read to its end before the next part is asked for. */
  body: AsyncIterable<Uint8Array>;
}

const HEAD_BYTES_MAX = 8 * 1024;
/** A picture is a part, and a job may bring thousands. */
const PARTS_MAX = 16 * 1024;
const CRLF = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');

/** A form that does not keep to RFC 7578; thrown while its parts are read. */
export class MultipartError extends Error {
  override readonly name = 'MultipartError';
}

/** The boundary named in a `Content-Type: multipart/form-data` header. */
export function decodeBoundary(contentType: string | null): Result<string> {
  const match = /^multipart\/form-data\s*;.*?boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(
    contentType ?? '',
  );
  const boundary = match?.[1] ?? match?.[2];
  if (boundary !== undefined) return { ok: true, value: boundary };
  return refuse(
    'request-invalid',
    'send a multipart/form-data body with the parts `model`, `inputs` and `options`',
  );
}

/**
 * The parts of a form, read as they arrive: at most two chunks are held in memory, whatever the
 * size of a part. Throws `MultipartError`.
 */
export async function* readParts(
  source: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<Part> {
  const reader = openReader(source);
  // The first boundary has no line before it; with one put there, all of them look alike.
  reader.prepend(CRLF);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  await drain(reader.until(delimiter));
  for (let count = 0; ; count += 1) {
    const next = await reader.take(2);
    if (next.equals(Buffer.from('--'))) return;
    if (!next.equals(CRLF)) throw new MultipartError('a boundary is not followed by a line end');
    if (count === PARTS_MAX) throw new MultipartError(`a form has at most ${PARTS_MAX} parts`);
    // Put back, so that a part without headers ends its head like any other.
    reader.prepend(CRLF);
    const head = await collect(reader.until(HEAD_END), HEAD_BYTES_MAX);
    const body = reader.until(delimiter);
    yield { ...decodeHead(head), body };
    await drain(body);
  }
}

function decodeHead(head: Buffer): { field: string; filename?: string } {
  const line =
    /^content-disposition:\s*form-data\s*;(.*)$/im.exec(head.toString('utf8'))?.[1] ?? '';
  const field = /(?:^|[;\s])name="([^"]*)"/i.exec(line)?.[1];
  const filename = /(?:^|[;\s])filename="([^"]*)"/i.exec(line)?.[1];
  if (field === undefined) throw new MultipartError('a part has no name');
  return filename === undefined ? { field } : { field, filename };
}

interface Reader {
  prepend(bytes: Buffer): void;
  take(length: number): Promise<Buffer>;
  /** The bytes before `mark`, which is consumed too. */
  until(mark: Buffer): AsyncGenerator<Uint8Array>;
}

function openReader(source: AsyncIterable<Uint8Array>): Reader {
  const chunks = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);

  async function more(): Promise<void> {
    const next = await chunks.next();
    if (next.done === true) {
      throw new MultipartError('the body ends before its last boundary; send it again whole');
    }
    const { buffer, byteOffset, length } = next.value;
    const chunk = Buffer.from(buffer, byteOffset, length);
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
  }

  return {
    prepend(bytes) {
      held = Buffer.concat([bytes, held]);
    },
    async take(length) {
      while (held.length < length) await more();
      const taken = held.subarray(0, length);
      held = held.subarray(length);
      return taken;
    },
    async *until(mark) {
      for (;;) {
        const at = held.indexOf(mark);
        if (at >= 0) {
          const last = held.subarray(0, at);
          held = held.subarray(at + mark.length);
          if (last.length > 0) yield last;
          return;
        }
        // The mark may have begun in the last bytes, so these wait for the next chunk.
        const safe = held.length - mark.length + 1;
        if (safe > 0) {
          const bytes = held.subarray(0, safe);
          held = held.subarray(safe);
          yield bytes;
        }
        await more();
      }
    },
  };
}

async function drain(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of body);
}

async function collect(body: AsyncIterable<Uint8Array>, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > most) throw new MultipartError(`the head of a part is longer than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
