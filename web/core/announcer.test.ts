import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ANNOUNCE_MS, ANNOUNCER_START, stepAnnouncer } from './announcer.ts';

test('the first sentence is said at once, the next waits, the newest wins', () => {
  const first = stepAnnouncer(ANNOUNCER_START, { type: 'say', text: 'a', now: 0 });
  expect(first).toEqual({ state: { spoken: 'a', spokenAt: 0 } });
  const second = stepAnnouncer(first.state, { type: 'say', text: 'b', now: 1_000 });
  expect(second.waitMs).toBe(9_000);
  const third = stepAnnouncer(second.state, { type: 'say', text: 'c', now: 2_000 });
  const fourth = stepAnnouncer(third.state, { type: 'tick', now: 10_000 });
  expect(fourth.state).toEqual({ spoken: 'c', spokenAt: 10_000 });
});

test('the announcer does not say what was taken back', () => {
  const first = stepAnnouncer(ANNOUNCER_START, { type: 'say', text: 'a', now: 0 });
  const second = stepAnnouncer(first.state, { type: 'say', text: 'b', now: 1 });
  const third = stepAnnouncer(second.state, { type: 'say', text: 'a', now: 2 });
  expect(third).toEqual({ state: { spoken: 'a', spokenAt: 0 } });
});

test('the announcer says one sentence within the interval', () => {
  const said = fc.array(fc.tuple(fc.integer({ min: 0, max: 5_000 }), fc.string({ maxLength: 2 })));
  fc.assert(
    fc.property(said, (events) => {
      let state = ANNOUNCER_START;
      let now = 0;
      for (const [wait, text] of events) {
        now += wait;
        const before = state;
        state = stepAnnouncer(state, { type: 'say', text, now }).state;
        if (state.spokenAt !== before.spokenAt) {
          expect(state.spokenAt - before.spokenAt).toBeGreaterThanOrEqual(ANNOUNCE_MS);
        }
      }
    }),
  );
});
