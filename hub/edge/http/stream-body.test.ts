import { describe, expect, it } from 'vitest';
import { fault } from '#protocol/values/refusal.ts';
import { streamBody } from './stream-body.ts';

/** Chunks that count how many were made, and whether their maker was let go. */
function openSource(count: number, end?: Error) {
  const seen = { made: 0, left: false, ended: 0 };
  async function* make() {
    try {
      for (; seen.made < count; seen.made += 1) yield new Uint8Array([seen.made]);
      if (end !== undefined) throw end;
    } finally {
      seen.left = true;
    }
  }
  const ended = () => {
    seen.ended += 1;
  };
  return { seen, chunks: make(), ended };
}
const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('the body of a stream', () => {
  it('holds every chunk, and ends once', async () => {
    const { seen, chunks, ended } = openSource(5);
    const bytes = await new Response(streamBody(chunks, { ended })).bytes();
    expect([...bytes]).toEqual([0, 1, 2, 3, 4]);
    expect(seen).toEqual({ made: 5, left: true, ended: 1 });
  });

  it('is made no faster than it is read', async () => {
    const { seen, chunks } = openSource(1_000);
    const reader = streamBody(chunks).getReader();
    await reader.read();
    await settle();
    expect(seen.made).toBeLessThanOrEqual(2);
    await reader.cancel();
  });

  it('ends with its reader', async () => {
    const { seen, chunks, ended } = openSource(1_000);
    const reader = streamBody(chunks, { ended }).getReader();
    await reader.read();
    await reader.cancel();
    expect(seen).toMatchObject({ left: true, ended: 1 });
  });

  it('fails where a chunk cannot be made: a part is not taken for the whole', async () => {
    const { seen, chunks, ended } = openSource(2, fault('job-state', 'unit 7 is gone'));
    const reader = streamBody(chunks, { ended }).getReader();
    const readAll = async () => {
      while (!(await reader.read()).done);
    };
    await expect(readAll()).rejects.toThrow('unit 7 is gone');
    expect(seen.ended).toBe(1);
  });

  it('is cut for a reader that may not go on', async () => {
    const { seen, chunks, ended } = openSource(1_000);
    let looks = 0;
    const mayGoOn = async () => ++looks < 2;
    const reader = streamBody(chunks, { ended, mayGoOn, lookMs: 0 }).getReader();
    const readAll = async () => {
      while (!(await reader.read()).done);
    };
    await expect(readAll()).rejects.toThrow('does not hold');
    expect(seen).toMatchObject({ left: true, ended: 1 });
    expect(seen.made).toBeLessThan(5);
  });

  it('is given up where nobody takes it', async () => {
    const { seen, chunks, ended } = openSource(1_000);
    const reader = streamBody(chunks, { ended, silenceMs: 10 }).getReader();
    await settle();
    expect(seen).toMatchObject({ left: true, ended: 1 });
    const readAll = async () => {
      while (!(await reader.read()).done);
    };
    await expect(readAll()).rejects.toThrow('took nothing');
  });
});
