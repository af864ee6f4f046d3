import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startChain } from './chain.ts';
import type { StartOptions } from './children.ts';
import { keepRunning } from './supervisor.ts';

const URL = 'http://127.0.0.1:4321';

/** Children that are never started: what was asked for, and the way to end the last one. */
function fakeChildren(ready: Promise<Record<string, unknown>> = Promise.resolve({ url: URL })) {
  const started: string[] = [];
  const closing = new AbortController();
  let last: StartOptions | undefined;
  return {
    started,
    closed: closing.signal,
    close: () => closing.abort(),
    end: (sentence: string) => last?.onEnd?.(sentence),
    start(name: string, words: readonly string[], options: StartOptions) {
      started.push([name, ...words].join(' '));
      last = options;
      return { ready, kill: () => undefined, ended: new Promise<string>(() => undefined) };
    },
  };
}
const HUB = {
  name: 'hub',
  words: ['hub/main.ts', '--port', '0'],
  options: { readyMsMax: 1_000 },
  again: ({ url }: Record<string, unknown>) => ['hub/main.ts', '--at', String(url)],
  meanwhile: 'devices wait',
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('a program that ends is started again where it was, and that is said', async () => {
  const children = fakeChildren();
  const said: string[] = [];
  expect(await keepRunning(children, HUB, (line) => said.push(line))).toEqual({ url: URL });
  children.end('hub ended with signal SIGKILL.');
  expect(said).toEqual([expect.stringMatching(/SIGKILL.*\n.*again in 0.5 s; devices wait/)]);
  await vi.advanceTimersByTimeAsync(499);
  expect(children.started).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(children.started).toEqual(['hub hub/main.ts --port 0', `hub hub/main.ts --at ${URL}`]);
  expect(said.at(-1)).toBe('The hub is back.');
});

it('a program that ends again and again is started after longer waits, for ever', async () => {
  const children = fakeChildren();
  const said: string[] = [];
  await keepRunning(children, HUB, (line) => said.push(line));
  for (let time = 0; time < 10; time += 1) {
    children.end('hub ended.');
    await vi.advanceTimersByTimeAsync(30_000);
  }
  const waits = said.flatMap((line) => /again in ([\d.]+) s/.exec(line)?.[1] ?? []);
  expect(waits.map(Number)).toEqual([0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30]);
  expect(children.started).toHaveLength(11);
  await vi.advanceTimersByTimeAsync(60_000);
  children.end('hub ended.');
  expect(said.at(-1)).toMatch(/again in 0.5 s/);
});

it('a program that fails its first start, or ends when all are stopped, is not started again', async () => {
  const broken = fakeChildren(Promise.reject(new Error('hub ended with status 1.')));
  const said: string[] = [];
  const starting = keepRunning(broken, HUB, (line) => said.push(line));
  broken.end('hub ended with status 1.');
  await expect(starting).rejects.toThrow('status 1');
  const children = fakeChildren();
  await keepRunning(children, HUB, () => undefined);
  children.end('hub ended.');
  children.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect([broken.started.length, said, children.started.length]).toEqual([1, [], 1]);
});

it('a chain that ends is started again on its port', async () => {
  const children = fakeChildren();
  const said: string[] = [];
  expect(await startChain(children, 'here', (line) => said.push(line))).toBe(URL);
  children.end('chain ended with signal SIGKILL.');
  await vi.advanceTimersByTimeAsync(500);
  expect(children.started).toEqual([
    'chain chain-dev/main.ts --data here --port 0',
    'chain chain-dev/main.ts --data here --port 4321',
  ]);
  expect(said[0]).toMatch(/money waits/);
});
