import { fault } from '#protocol/values/refusal.ts';

/** Chunks as they come. Throws where the next one takes longer than `ms`. */
export async function* limitSilence<T>(source: AsyncIterable<T>, ms: number): AsyncGenerator<T> {
  const chunks = source[Symbol.asyncIterator]();
  let timer: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      const late = new Promise<never>((_, reject) => {
        const message = `nothing came for ${ms / 1_000} s; send it again, on a line that holds`;
        timer = setTimeout(() => reject(fault('request-invalid', message)), ms);
      });
      const next = await Promise.race([chunks.next(), late]);
      clearTimeout(timer);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    clearTimeout(timer);
  }
}
