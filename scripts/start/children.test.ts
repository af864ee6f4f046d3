import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openChildren } from './children.ts';

const READY = "process.stdout.write(JSON.stringify({ ready: true, pid: process.pid }) + '\\n');";
const options = { readyMsMax: 20_000 };
let folder = '';
const program = async (text: string): Promise<string[]> => {
  const path = join(folder, 'program.mjs');
  await writeFile(path, text);
  return [path];
};
const isRunning = (pid: unknown): boolean => {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pocketgrid-children-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('child programs', () => {
  it('hears that one is ready and leaves none behind', async () => {
    const children = openChildren(() => undefined);
    const text = `${READY} setInterval(() => {}, 1000);`;
    const { pid } = await children.start('hub', await program(text), options).ready;
    expect(isRunning(pid)).toBe(true);
    await children.close();
    expect(isRunning(pid)).toBe(false);
  });

  it('says which one died and why, without its keys', async () => {
    const said: string[] = [];
    const children = openChildren((line) => said.push(line));
    const text = `${READY} console.error('error: no room for pg_abcd-ef_gh'); process.exit(3);`;
    await children.start('hub', await program(text), options).ended;
    expect(said).toEqual(['[hub] error: no room for pg_…', expect.stringMatching(/status 3/)]);
    expect(said[1]).toContain('no room for pg_…');
    await children.close();
  });

  it('tells the owner of one how it ended', async () => {
    const children = openChildren(() => undefined);
    const text = `${READY} setTimeout(() => process.exit(3), 50);`;
    const sentence = await new Promise<string>((onEnd) => {
      void program(text).then((words) => children.start('chain', words, { ...options, onEnd }));
    });
    expect(sentence).toContain('chain ended with status 3');
    await children.close();
  });

  it('refuses to wait for one that ends before it is ready, or is late', async () => {
    const children = openChildren(() => undefined);
    const early = children.start('hub', await program('process.exit(0);'), options);
    await expect(early.ready).rejects.toThrow('hub ended with status 0');
    const idle = await program('setInterval(() => {}, 1000);');
    const late = children.start('verifier', idle, { readyMsMax: 300 });
    await expect(late.ready).rejects.toThrow('verifier was not ready after 0.3 s');
    await children.close();
  });
});
