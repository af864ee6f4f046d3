import { expect, test } from 'vitest';
import { WISHES_NONE } from '#protocol/messages/background.ts';
import { why } from '#protocol/values/reason.ts';
import { instant } from '#protocol/values/units.ts';
import { type BackgroundState, viewBackground, WISH_ROWS } from './background-view.ts';

const STATE: BackgroundState = {
  ...{ notifications: 'granted', wakes: 'granted', isPossible: true },
  woken: {},
};
const computes = { ...WISHES_NONE, computes: true };

test('where all is allowed and nothing is wanted, nothing is said', () => {
  expect(viewBackground(STATE, WISHES_NONE)).toEqual([]);
  expect(WISH_ROWS.map(({ wish }) => wish).toSorted()).toEqual(Object.keys(WISHES_NONE).toSorted());
});

test.each([
  ['a browser without service workers', { isPossible: false }, 'runs nothing for a page'],
  ['a browser without notifications', { notifications: 'absent' }, 'Home Screen first'],
  ['blocked notifications', { notifications: 'denied' }, 'Allow them'],
  ['a browser that wakes nothing', { wakes: 'absent' }, 'computes nothing there'],
  ['a page that is not installed', { wakes: 'denied' }, 'once this page is installed'],
  ['a page that may be woken', {}, 'twice a day at most'],
] as const)('%s is said with what to do', (_, part, text) => {
  expect(viewBackground({ ...STATE, ...part }, computes).join(' ')).toContain(text);
});

test('what came of the last time is said by its reason', () => {
  const woken = { at: instant(1), reason: why('background-done', { units: 16 }) };
  expect(viewBackground({ ...STATE, woken }, computes).at(-1)).toMatch(
    /^Last woken .*It computed 16 units in the background\.$/,
  );
});
