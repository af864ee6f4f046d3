import { describe, expect, test } from 'vitest';
import type { TaskName } from '#protocol/tasks/task.ts';
import { decodePlayground, PLAYGROUND_EMPTY } from './playground.ts';

const decode = (task: TaskName | undefined, form: object, hasFiles = false) =>
  decodePlayground({ ...PLAYGROUND_EMPTY, ...form }, { model: 'a/b', task, hasFiles });

describe('the form of the playground', () => {
  test('becomes a job that starts by itself, with a line for each text', () => {
    expect(decode('text-classification', { texts: 'one\r\n \n two ' })).toEqual({
      ok: true,
      value: {
        options: {
          ...{ name: 'a/b: text-classification', model: 'a/b', autoStart: true },
          task: { name: 'text-classification', topK: 5 },
        },
        lines: ['one', ' two '],
      },
    });
  });

  test('sets each document beside the query', () => {
    const asked = { query: 'cats', texts: 'a\nb' };
    expect(decode('text-ranking', asked)).toMatchObject({
      value: {
        lines: [
          { query: 'cats', document: 'a' },
          { query: 'cats', document: 'b' },
        ],
      },
    });
  });

  test('names the labels that texts may have', () => {
    const asked = { texts: 'a', labels: 'sport, , politics ' };
    expect(decode('zero-shot-classification', asked)).toMatchObject({
      value: { options: { task: { labels: ['sport', 'politics'] } } },
    });
  });

  test('needs no line where files hold the items, and no task where they are tensors', () => {
    const decoded = decode(undefined, {}, true);
    expect(decoded).toMatchObject({ ok: true, value: { lines: [], options: { model: 'a/b' } } });
    expect(decoded).not.toMatchObject({ value: { options: { task: expect.anything() } } });
  });

  test.each([
    ['fill-mask', {}, 'texts'],
    ['text-ranking', { texts: 'a' }, 'query'],
    ['zero-shot-classification', { texts: 'a' }, 'labels'],
    ['fill-mask', { texts: 'a\n'.repeat(501) }, 'texts'],
  ] as const)('%s of %o lacks its %s', (task, form, path) => {
    expect(decode(task, form)).toMatchObject({ ok: false, refusal: { path } });
  });
});
