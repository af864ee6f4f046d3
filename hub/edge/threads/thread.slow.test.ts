import { readdir, readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { PocketgridError } from '#protocol/values/refusal.ts';
import { openThread, type Thread, type ThreadLimits } from './thread.ts';

const FAKE = new URL('./fake-tasks.mjs', import.meta.url);
const threads: Thread[] = [];
afterEach(async () => {
  for (const thread of threads.splice(0)) await thread.close();
});

/** A thread whose tasks end as their input says. */
function open(limits: Partial<ThreadLimits> = {}) {
  const resourceLimits = { maxOldGenerationSizeMb: 32 };
  const thread = openThread({ taskMs: 20_000, callsMax: 4, resourceLimits, ...limits }, FAKE);
  threads.push(thread);
  const run = (input: { end?: string; word?: string }): Promise<unknown> =>
    thread.run('printLines', input as never);
  return { thread, run };
}
const refusalOf = async (call: Promise<unknown>) => {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof PocketgridError) return error.refusal;
  return { code: 'none', message: String(error) };
};

describe('a worker thread', () => {
  it('does tasks in turn', async () => {
    const { run } = open();
    const words = ['a', 'b', 'c'];
    const said = await Promise.all(words.map((word) => run({ word })));
    expect(said).toEqual(['printLines a', 'printLines b', 'printLines c']);
  });

  it.each([
    ['refuse', 'input-shape', /as asked/],
    ['bug', 'none', /as asked/],
    ['throw', 'internal', /died of this \(as asked\)/],
    ['exit', 'internal', /died of this \(it ended with code 3\)/],
    ['memory', 'input-too-big', /more memory than the hub has/],
  ])('that ends with %s says so, and the next task is done', async (end, code, message) => {
    const { run } = open();
    const [failed, next] = await Promise.all([refusalOf(run({ end })), run({ word: 'next' })]);
    expect(failed).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(next).toBe('printLines next');
  });

  it('that takes too long is given up, and the next task is done', async () => {
    const { run } = open({ taskMs: 1_500 });
    const [failed, next] = await Promise.all([
      refusalOf(run({ end: 'hang' })),
      run({ word: 'next' }),
    ]);
    expect(failed).toMatchObject({ code: 'input-too-big' });
    expect(next).toBe('printLines next');
  });

  it('has a bound on the tasks that wait, and none after its end', async () => {
    const { thread, run } = open({ callsMax: 2 });
    const first = [run({ word: 'a' }), run({ word: 'b' })];
    expect(await refusalOf(run({ word: 'c' }))).toMatchObject({ code: 'busy' });
    expect(await Promise.all(first)).toHaveLength(2);
    const late = refusalOf(run({ end: 'hang' }));
    await thread.close();
    expect((await late).code).toBe('hub-stopping');
    expect(await refusalOf(run({ word: 'd' }))).toMatchObject({ code: 'hub-stopping' });
  });
});

/** How nice the threads of this process are: the 17th field behind the name, proc(5). */
async function nicenesses(): Promise<number[]> {
  const tasks = await readdir('/proc/self/task');
  const stats = await Promise.all(
    tasks.map((task) => readFile(`/proc/self/task/${task}/stat`, 'utf8').catch(() => '')),
  );
  return stats.map((stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]));
}

it.runIf(process.platform === 'linux')(
  'threads of the hub let the one of sockets go first',
  async () => {
    const own = await nicenesses();
    const thread = openThread({ taskMs: 20_000, callsMax: 1 });
    threads.push(thread);
    const tensor = { dtype: 'u8', shape: [1], data: new Uint8Array([7]) } as const;
    const tensors = new Map([['x', { ...tensor, shape: [...tensor.shape] }]]);
    const lines = await thread.run('printLines', { tensors, extras: {} });
    expect(new TextDecoder().decode(lines)).toBe('{"x":7}\n');
    expect(Math.max(...(await nicenesses()))).toBe(Math.max(...own) + 10);
  },
);
