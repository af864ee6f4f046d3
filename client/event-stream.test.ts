import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeEvents } from './event-stream.ts';

it('decoding reads fields, comments, joined data and line ends of every kind', () => {
  const text =
    ': hello\n\nevent: job\ndata: {"a":\ndata: 1}\n\ndata:bare\r\n\r\nevent: job\ndata: cut';
  expect(decodeEvents(text)).toEqual({
    events: [
      { event: 'job', data: '{"a":\n1}' },
      { event: 'message', data: 'bare' },
    ],
    rest: 'event: job\ndata: cut',
  });
});

it('decoding gives the same events however the stream is cut', () => {
  const data = fc.array(fc.stringMatching(/^[a-z0-9 :{}]{1,20}$/), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      data,
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }),
      (lines, cuts) => {
        const whole = lines.map((line) => `event: job\ndata: ${line}\n\n`).join('');
        const seen: string[] = [];
        let rest = '';
        let at = 0;
        for (let turn = 0; at < whole.length; turn += 1) {
          const end = at + (cuts[turn % cuts.length] ?? 1);
          const decoded = decodeEvents(rest + whole.slice(at, end));
          rest = decoded.rest;
          seen.push(...decoded.events.map((event) => event.data));
          at = end;
        }
        expect(seen).toEqual(lines);
        expect(rest).toBe('');
      },
    ),
  );
});
