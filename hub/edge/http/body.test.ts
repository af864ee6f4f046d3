import { expect, it } from 'vitest';
import { readInTime } from './body.ts';

const request = (body: BodyInit) =>
  new Request('http://hub/', { method: 'POST', body, duplex: 'half' } as RequestInit);

it('a short body is read whole, and a long one to its bound', async () => {
  expect(new TextDecoder().decode((await readInTime(request('abc'), 10)).bytes)).toBe('abc');
  expect((await readInTime(request('x'.repeat(11)), 10)).isCut).toBe(true);
});

it('a body that does not come to its end is refused with its time', async () => {
  const never = new ReadableStream({ start: (it) => it.enqueue(Uint8Array.of(1)) });
  await expect(readInTime(request(never), 10, 20)).rejects.toThrow('within 0.02 s');
});
