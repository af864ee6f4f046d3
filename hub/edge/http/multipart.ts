import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { Dicer } from '@fastify/busboy';
import { type Result, refuse } from '#protocol/values/refusal.ts';

/** One part of a form (RFC 7578): its field, its file name if it is a file, and its bytes. */
export interface Part {
  field: string;
  filename?: string;
  /** Bytes that nobody reads are skipped when the next part is asked for. */
  body: AsyncIterable<Uint8Array>;
}

/** The parser keeps ten times as much of a head, so that a longer one is seen. */
const HEAD_BYTES_MAX = 8 * 1024;
/** A picture is a part, and a job may bring thousands. */
const PARTS_MAX = 16 * 1024;
/** One parameter of a header (RFC 9110 §5.6.6), its value quoted or bare. */
const PARAMETER = /;\s*([\w*]+)\s*=\s*(?:"((?:\\"|[^"])*)"|([^\s;"]+))/g;
const NAMELESS =
  'a part has no name: it begins with Content-Disposition: form-data; name="inputs", on the line right after its boundary';
const CUT_OFF =
  'the body ends before its last boundary; send it whole, its lines ended by CR and LF';

/** A form that does not keep to RFC 7578; thrown while its parts are read. */
export class MultipartError extends Error {
  override readonly name = 'MultipartError';
}

/** The boundary named in a `Content-Type: multipart/form-data` header. */
export function decodeBoundary(contentType: string | null): Result<string> {
  const match =
    /^multipart\/form-data\s*;.*?boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(
      contentType ?? '',
    );
  const boundary = match?.[1] ?? match?.[2];
  if (boundary !== undefined) return { ok: true, value: boundary };
  const message = /^multipart\/form-data/i.test(contentType ?? '')
    ? 'the Content-Type names no boundary; leave that header to the library that makes the form'
    : 'send a multipart/form-data body with the parts `model`, `inputs` and `options` (curl: -F, not -d)';
  return refuse('request-invalid', message);
}

/**
 * Reads the parts of a form as they arrive, at the pace of the reader: whatever the size of a part,
 * a few chunks are in memory. Throws `MultipartError`. Where reading stops early, `source` is left
 * as it is: whoever sends it may still be answered.
 */
export async function* readParts(
  source: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<Part> {
  const parser = new Dicer({ boundary });
  const stop = new AbortController();
  const parts = collectParts(parser);
  feed(parser, source[Symbol.asyncIterator](), stop.signal).catch(parts.fail);
  try {
    for await (const { stream, head } of parts.queue as AsyncIterable<HeadedPart>) {
      yield { ...decodeHead(head), body: readBody(stream) };
      stream.resume();
    }
  } catch (error) {
    throw explain(error);
  } finally {
    stop.abort();
    parser.destroy();
  }
}

interface HeadedPart {
  stream: Dicer.PartStream;
  head: Head;
}
/** Values by header name, in lower case; bytes as Latin-1. */
type Head = Record<string, string[]>;

/** Parts in order, each as soon as its head is whole. `fail` ends them and the part being read. */
function collectParts(parser: Dicer) {
  const queue = new PassThrough({ objectMode: true });
  let [count, headless] = [0, false];
  let newest: Dicer.PartStream | undefined;
  const fail = (error: Error) => {
    newest?.destroy(error);
    queue.destroy(error);
  };
  parser.on('part', (stream) => {
    count += 1;
    if (headless) return fail(new MultipartError(NAMELESS));
    if (count > PARTS_MAX) return fail(new MultipartError(`a form has at most ${PARTS_MAX} parts`));
    headless = true;
    newest = stream;
    // A part that breaks off while nobody reads it must not end the process.
    stream.on('error', () => undefined);
    stream.on('header', (head) => {
      headless = false;
      queue.write({ stream, head });
    });
  });
  parser.on('error', fail);
  parser.on('finish', () => (headless ? fail(new MultipartError(NAMELESS)) : queue.end()));
  return { queue, fail };
}

async function feed(
  parser: Dicer,
  source: AsyncIterator<Uint8Array>,
  stop: AbortSignal,
): Promise<void> {
  for (;;) {
    const next = await source.next();
    if (stop.aborted) return;
    if (next.done === true) return void parser.end();
    if (!parser.write(next.value)) await once(parser, 'drain', { signal: stop });
  }
}

async function* readBody(stream: Dicer.PartStream): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw explain(error);
  }
}

/** The parser's own words for a form that was cut off become ours. */
const explain = (error: unknown): unknown =>
  error instanceof Error && /unexpected end of multipart data/i.test(error.message)
    ? new MultipartError(CUT_OFF, { cause: error })
    : error;

function decodeHead(head: Head): { field: string; filename?: string } {
  const lengths = Object.entries(head).flatMap(([name, values]) =>
    values.map((value) => name.length + value.length),
  );
  if (lengths.reduce((sum, length) => sum + length, 0) > HEAD_BYTES_MAX) {
    throw new MultipartError(`the head of a part is longer than ${HEAD_BYTES_MAX} bytes`);
  }
  const line = Buffer.from(head['content-disposition']?.[0] ?? '', 'latin1').toString('utf8');
  if (!/^form-data\s*;/i.test(line)) throw new MultipartError(NAMELESS);
  const coding = head['content-transfer-encoding']?.[0]?.trim().toLowerCase() ?? 'binary';
  if (!['binary', '8bit', '7bit'].includes(coding)) {
    throw new MultipartError(`a part is coded as ${coding}; send its bytes as they are`);
  }
  const found = new Map<string, string>();
  // Some clients quote nothing (.NET), and some escape quotes in quotes (curl).
  for (const [, name = '', quoted, bare = ''] of line.matchAll(PARAMETER)) {
    found.set(name.toLowerCase(), quoted?.replaceAll('\\"', '"') ?? bare);
  }
  // Libraries that number the files of a field write `inputs[]`, or `inputs[0]`.
  const field = found.get('name')?.replace(/\[\d*\]$/, '');
  if (field === undefined) throw new MultipartError(NAMELESS);
  // Where both are there, the other one is a guess of an older coding.
  const filename = decodeExtended(found.get('filename*')) ?? found.get('filename');
  return filename === undefined ? { field } : { field, filename };
}

/** A value such as `utf-8''%C3%A4.npy` (RFC 8187). */
function decodeExtended(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const text = value.replace(/^[^']*'[^']*'/, '');
  try {
    return decodeURIComponent(text);
  } catch {
    // ISO-8859-1, the other coding of the RFC: a byte is a character.
    return text.replace(/%([0-9a-f]{2})/gi, (_, hex) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
}
