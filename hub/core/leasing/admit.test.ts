import { expect, test } from 'vitest';
import { type Bench, beginJob, openBench, PHONE, quoteJob } from '../fake-world.ts';

const MINUTE = 60_000;

/** A hub where a phone is asked to try a model of so many bytes. */
function openAsked(fileBytes: number): Bench {
  const bench = openBench();
  quoteJob(bench, 100, { fileBytes });
  beginJob(bench);
  bench.join(2, PHONE, 'contributor');
  bench.say(2, { type: 'request' });
  return bench;
}

/** A minute in which nobody falls silent. */
function passMinute(bench: Bench): void {
  bench.wait(MINUTE);
  const refusal = { code: 'message-malformed', message: 'a sign of life' } as const;
  bench.post({ type: 'malformed', socket: 1, refusal });
  bench.say(2, { type: 'request' });
}

test.each([
  { bytes: 1_000, minutes: 15 },
  { bytes: 96_000_000, minutes: 65 },
])('a phone has $minutes minutes for a model of $bytes bytes', ({ bytes, minutes }) => {
  const bench = openAsked(bytes);
  for (let minute = 0; minute < minutes; minute += 1) passMinute(bench);
  expect(bench.hub().devices.get(PHONE)?.admitting).toBeDefined();
  passMinute(bench);
  expect(bench.last(2, 'idle')?.reason).toEqual({
    code: 'admission-slow',
    values: { model: 'numbers', minutes },
  });
});
