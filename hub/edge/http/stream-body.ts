import { PocketgridError } from '#protocol/values/refusal.ts';

/** A client that takes nothing for so long is gone. */
const SILENCE_MS_MAX = 5 * 60_000;
/** How often it is looked whether who reads may go on. */
export const ACCESS_MS = 2_000;

interface StreamOptions {
  ended?(): void;
  silenceMs?: number;
  /** Whether the caller may still have the rest. */
  mayGoOn?(): Promise<boolean>;
  lookMs?: number;
}

/**
 * The body of an answer: the next chunk is made when the socket has room for it. It ends when the
 * client leaves or takes nothing any more; where making a chunk fails, or the caller may have no
 * more, the connection is cut, so that nobody takes a part for the whole.
 */
export function streamBody(
  chunks: AsyncIterable<Uint8Array>,
  options: StreamOptions = {},
): ReadableStream<Uint8Array> {
  const { ended = () => {}, silenceMs = SILENCE_MS_MAX, mayGoOn, lookMs = ACCESS_MS } = options;
  let lookedAt = performance.now();
  const look = async () => {
    if (mayGoOn === undefined || performance.now() - lookedAt < lookMs) return;
    if (!(await mayGoOn())) throw new Error('the key of this call does not hold any more');
    lookedAt = performance.now();
  };
  const reader = chunks[Symbol.asyncIterator]();
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(timer);
    ended();
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(timer);
        try {
          await look();
          const next = await reader.next();
          if (next.done === true) {
            stop();
            return controller.close();
          }
          controller.enqueue(next.value);
        } catch (error) {
          stop();
          void reader.return?.();
          throw error instanceof PocketgridError ? new Error(error.refusal.message) : error;
        }
        timer = setTimeout(() => {
          stop();
          void reader.return?.();
          controller.error(new Error(`the client took nothing for ${silenceMs / 1_000} s`));
        }, silenceMs);
      },
      async cancel() {
        stop();
        await reader.return?.();
      },
    },
    { highWaterMark: 1 },
  );
}
