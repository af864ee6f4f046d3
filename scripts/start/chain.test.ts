import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startChain } from './chain.ts';
import type { StartOptions } from './children.ts';

const URL = 'http://127.0.0.1:4321';

/** Children that are never started: what was asked for, and the way to end the last one. */
function fakeChildren(ready: Promise<Record<string, unknown>> = Promise.resolve({ url: URL })) {
  const started: string[] = [];
  let last: StartOptions | undefined;
  return {
    started,
    end: (sentence: string) => last?.onEnd?.(sentence),
    start(name: string, words: readonly string[], options: StartOptions) {
      started.push([name, ...words].join(' '));
      last = options;
      return { ready, kill: () => undefined, ended: new Promise<string>(() => undefined) };
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the development chain of npm start', () => {
  it('a chain that ends is started again on its port', async () => {
    const children = fakeChildren();
    const said: string[] = [];
    expect(await startChain(children, 'here', (line) => said.push(line))).toBe(URL);
    children.end('chain ended with signal SIGKILL.');
    expect(children.started).toEqual([
      'chain chain-dev/main.ts --data here --port 0',
      'chain chain-dev/main.ts --data here --port 4321',
    ]);
    expect(said).toEqual([expect.stringMatching(/SIGKILL.*\n.*started again.*money waits/)]);
  });

  it('a chain that ends a sixth time within a minute stays down, and a slower one does not', async () => {
    const children = fakeChildren();
    const said: string[] = [];
    await startChain(children, 'here', (line) => said.push(line));
    for (let time = 0; time < 20; time += 1) {
      vi.advanceTimersByTime(15_000);
      children.end('chain ended.');
    }
    expect(children.started).toHaveLength(21);
    vi.advanceTimersByTime(60_000);
    for (let time = 0; time < 6; time += 1) children.end('chain ended.');
    expect(children.started).toHaveLength(26);
    expect(said.at(-1)).toMatch(/stays down/);
  });

  it('a chain that fails its first start is not started again', async () => {
    const children = fakeChildren(Promise.reject(new Error('chain ended with status 1.')));
    const said: string[] = [];
    const starting = startChain(children, 'here', (line) => said.push(line));
    children.end('chain ended with status 1.');
    await expect(starting).rejects.toThrow('status 1');
    expect([children.started.length, said]).toEqual([1, []]);
  });
});
