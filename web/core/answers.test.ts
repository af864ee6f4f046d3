import { describe, expect, test } from 'vitest';
import { byScore, closeness, markTokens } from './answers.ts';

const token = (word: string, index: number, entity = 'LOC') => ({ word, index, entity, score: 1 });
const marked = (text: string, ...tokens: ReturnType<typeof token>[]) => {
  const { parts, missing } = markTokens(text, tokens);
  expect(parts.map((part) => part.text).join('')).toBe(text);
  return {
    marks: parts.map((part) => (part.token === undefined ? part.text : `[${part.text}]`)).join(''),
    missing: missing.map(({ word }) => word),
  };
};

describe('tokens in a text', () => {
  test('are marked as they are written, with their parts', () => {
    const found = marked('Anna is in Berlin.', token('anna', 1), token('berlin', 4));
    expect(found).toEqual({ marks: '[Anna] is in [Berlin].', missing: [] });
    expect(marked('Berlinette', token('ber', 1), token('##lin', 2)).marks).toBe('[Ber][lin]ette');
    expect(marked('in Paris', token('▁Paris', 2)).marks).toBe('in [Paris]');
  });

  test('are the ones of their number where a word stands twice', () => {
    expect(marked('may met may', token('may', 3)).marks).toBe('may met [may]');
    expect(marked('may met may', token('may', 1)).marks).toBe('[may] met may');
  });

  test('that are not in the text are told apart, and change nothing', () => {
    expect(marked('a cat', token('dog', 1), token('cat', 2))).toEqual({
      marks: 'a [cat]',
      missing: ['dog'],
    });
    expect(marked('', token('dog', 1)).missing).toEqual(['dog']);
  });
});

test('what the model is surest of comes first, and the list stays as it was', () => {
  const list = [{ score: 0.2 }, { score: 0.7 }];
  expect(byScore(list)).toEqual([{ score: 0.7 }, { score: 0.2 }]);
  expect(list[0]).toEqual({ score: 0.2 });
});

test('vectors that point the same way are as close as can be, whatever their lengths', () => {
  expect(closeness([1, 2], [2, 4])).toBeCloseTo(1);
  expect(closeness([1, 0], [0, 3])).toBe(0);
  expect(closeness([1, 0], [-1, 0])).toBe(-1);
});
