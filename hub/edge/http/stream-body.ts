import { PocketgridError } from '#protocol/values/refusal.ts';

/** A client that takes nothing for so long is gone. */
const SILENCE_MS_MAX = 5 * 60_000;

/**
 * The body of an answer: the next chunk is made when the socket has room for it. It ends when the
 * client leaves or takes nothing any more; where making a chunk fails, the connection is cut, so
 * that nobody takes a part for the whole.
 */
export function streamBody(
  chunks: AsyncIterable<Uint8Array>,
  { ended = () => {}, silenceMs = SILENCE_MS_MAX }: { ended?(): void; silenceMs?: number } = {},
): ReadableStream<Uint8Array> {
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
          const next = await reader.next();
          if (next.done === true) {
            stop();
            return controller.close();
          }
          controller.enqueue(next.value);
        } catch (error) {
          stop();
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
