import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { PICTURE_TASKS, TEXT_TASKS } from '#protocol/tasks/task.ts';
import { EXIT } from '../exit.ts';
import { openFakeWorld } from '../fake-world.ts';
import { runCli } from '../run.ts';

const folder = openTestFolder();
async function scriptFor(shell: string): Promise<string> {
  const world = openFakeWorld(folder);
  expect(await runCli(['completions', shell], world)).toBe(EXIT.done);
  return world.said.join('\n');
}
const quote = (word: string) => `'${word}'`;

describe('bash', () => {
  let script = '';
  beforeAll(async () => {
    script = await scriptFor('bash');
  });

  /** What the shell offers for the last word of a line. */
  function offer(line: string): string[] {
    const words = line.split(' ');
    const ask = `COMP_WORDS=(${words.map(quote).join(' ')}); COMP_CWORD=${words.length - 1}; _pocketgrid`;
    const print = `printf "%s\\n" "\${COMPREPLY[@]}"`;
    const shell = ['--norc', '--noprofile', '-c', `${script}\n${ask}\n${print}`];
    const { stdout, stderr } = spawnSync('bash', shell, { encoding: 'utf8', timeout: 10_000 });
    expect(stderr).toBe('');
    return stdout.trim().split('\n');
  }

  it.each([
    ['pocketgrid ver', ['verify', 'verifier']],
    ['pocketgrid model ', ['add', 'list', 'remove']],
    ['pocketgrid keys re', ['revoke']],
    ['pocketgrid results job_1 --format n', ['npy']],
    ['pocketgrid run in.txt --assurance ', ['instant', 'settled', 'full']],
    ['pocketgrid run in.txt --task ', [...TEXT_TASKS, ...PICTURE_TASKS]],
    ['pocketgrid run in.txt --skip', ['--skip-bad-files']],
    ['pocketgrid login --', ['--hub', '--pin', '--json', '--help']],
    ['pocketgrid completions ', ['bash', 'zsh', 'fish']],
    // Files: the shell offers them where we offer nothing.
    ['pocketgrid run ', ['']],
    ['pocketgrid run in.txt -o ', ['']],
    ['pocketgrid contribute --pay', ['--payout']],
  ])('%s<tab> offers %j', (line, wanted) => {
    expect(offer(line)).toEqual(wanted);
  });
});

it('zsh has the completions of bash', async () => {
  const [first, ...rest] = (await scriptFor('zsh')).split('\n');
  expect(first).toContain('bashcompinit');
  expect(rest.join('\n')).toBe(await scriptFor('bash'));
  // It takes a letter behind a colon for a modifier.
  expect(rest.join('\n')).not.toMatch(/\[\*\]:\d:[A-Z]/);
});

it('fish is told of every command, its flags and what they may be', async () => {
  const lines = (await scriptFor('fish')).split('\n');
  const offers = (text: string) => lines.filter((line) => line.includes(text));
  expect(offers('-a verify ')).toEqual([expect.stringContaining('checks receipts')]);
  expect(offers("'__pocketgrid_at model'").map((line) => / -a (\w+)/.exec(line)?.[1])).toEqual([
    ...['add', 'list', 'remove'],
  ]);
  expect(offers("'__pocketgrid_in results' -l format")).toEqual([
    expect.stringContaining("-x -a 'jsonl npy safetensors errors files'"),
  ]);
  expect(offers("'__pocketgrid_in run' -l out ")).toEqual([expect.stringContaining('-s o -r')]);
});

it('another shell is refused by name', async () => {
  const world = openFakeWorld(folder);
  expect(await runCli(['completions', 'tcsh'], world)).toBe(EXIT.misused);
  expect(world.told.join()).toContain('expected bash, zsh, fish');
});
