import fc from 'fast-check';
import { expect, it } from 'vitest';
import { showText } from './shown-text.ts';

it.each([
  { name: 'all of a text without stops', text: 'one two', shown: 'one two' },
  { name: 'what comes before a stop', text: 'one two', stops: [' two'], shown: 'one', ends: true },
  {
    ...{ name: 'what comes before the first of several', text: 'a b c', stops: ['c', 'b'] },
    ...{ isOver: true, shown: 'a ', ends: true },
  },
  { name: 'less than the start of a stop', text: 'one tw', stops: [' two'], shown: 'one' },
  {
    ...{ name: 'that start too once the text is over', text: 'one tw', stops: [' two'] },
    ...{ isOver: true, shown: 'one tw' },
  },
  { name: 'no half character', text: 'caf\uFFFD', shown: 'caf' },
  { name: 'it once the text is over', text: 'caf\uFFFD', isOver: true, shown: 'caf\uFFFD' },
])('showText gives $name', ({ text, stops = [], isOver = false, shown, ends = false }) => {
  expect(showText(text, { stops, isOver })).toEqual({ text: shown, isStopped: ends });
});

it('what was shown of a text is never taken back', () => {
  const letters = (minLength: number, maxLength: number) =>
    fc.string({ unit: fc.constantFrom('a', 'b'), minLength, maxLength });
  fc.assert(
    fc.property(letters(0, 30), fc.array(letters(1, 4), { maxLength: 3 }), (text, stops) => {
      let before = '';
      for (let end = 0; end <= text.length; end += 1) {
        const isOver = end === text.length;
        const shown = showText(text.slice(0, end), { stops, isOver });
        expect(shown.text.startsWith(before)).toBe(true);
        before = shown.text;
        if (shown.isStopped) break;
      }
      expect(before).toBe(showText(text, { stops, isOver: true }).text);
    }),
  );
});
