import { createHash, type Hash } from 'node:crypto';
import { decodeBoundary } from './multipart.ts';

/** A body that is digested as it is read. */
export interface DigestedBody {
  /** The same bytes, at the pace of whoever reads them. */
  chunks: AsyncIterable<Uint8Array>;
  /** Whether all of it that counts has been read. */
  isWhole(): boolean;
  /** Of what has been read, and of what it was asked of: SHA-256 in hex. */
  digest(): string;
}

/**
 * Digests a body of a call. Of a form counts what stands between its boundaries, since each time it
 * is sent it may have others; what comes behind the last one is not part of it (RFC 2046 §5.1.1).
 */
export function digestBody(request: Request, body: AsyncIterable<Uint8Array>): DigestedBody {
  const { pathname, search } = new URL(request.url);
  const hash = createHash('sha256').update(`${request.method} ${pathname}${search}\n`);
  const boundary = decodeBoundary(request.headers.get('content-type'));
  const feed = boundary.ok ? openForm(hash, `--${boundary.value}`) : openBytes(hash);
  let isOver = false;
  async function* pass() {
    for await (const chunk of body) {
      feed.take(chunk);
      yield chunk;
    }
    isOver = true;
  }
  return {
    chunks: pass(),
    isWhole: () => isOver || feed.isEnded(),
    digest: () => hash.copy().update(feed.rest()).digest('hex'),
  };
}

interface Feed {
  take(chunk: Uint8Array): void;
  isEnded(): boolean;
  /** What is not in the hash yet. */
  rest(): Uint8Array;
}

const openBytes = (hash: Hash): Feed => ({
  take: (chunk) => void hash.update(chunk),
  isEnded: () => false,
  rest: () => new Uint8Array(),
});

function openForm(hash: Hash, mark: string): Feed {
  let rest = Buffer.alloc(0);
  let isEnded = false;
  return {
    take(chunk) {
      if (isEnded) return;
      rest = Buffer.concat([rest, chunk]);
      for (let at = rest.indexOf(mark); at >= 0; at = rest.indexOf(mark)) {
        const end = at + mark.length;
        // The two bytes behind a boundary tell whether it is the last one.
        if (rest.length < end + 2) break;
        hash.update(rest.subarray(0, at)).update('--');
        isEnded = rest.toString('latin1', end, end + 2) === '--';
        rest = isEnded ? Buffer.alloc(0) : rest.subarray(end);
      }
      const at = rest.indexOf(mark);
      const keep = at >= 0 ? rest.length - at : Math.min(rest.length, mark.length - 1);
      hash.update(rest.subarray(0, rest.length - keep));
      rest = Buffer.from(rest.subarray(rest.length - keep));
    },
    isEnded: () => isEnded,
    rest: () => rest,
  };
}
