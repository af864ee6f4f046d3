import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { listCommands, ROOT, readCopied, readInstruction } from './deploy-files.ts';

const folder = openTestFolder();
const app = join(folder, 'app');
const ends: (() => Promise<unknown>)[] = [];
afterAll(() => Promise.all(ends.map((end) => end())));

/** The files of the image, as its build leaves them; what npm and vite make is linked, if it is there. */
async function layImage(): Promise<void> {
  await mkdir(app);
  for (const path of await readCopied()) {
    const isMade = ['dist', 'node_modules'].includes(path);
    await (isMade
      ? symlink(join(ROOT, path), join(app, path))
      : cp(join(ROOT, path), join(app, path), { recursive: true }));
  }
}

function start(words: readonly string[]) {
  const child = spawn(process.execPath, words, { cwd: app, stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  ends.push(() => {
    child.kill('SIGKILL');
    return gone;
  });
  let said = '';
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
      if (said.includes('"ready":true')) resolve(said);
    });
    child.on('exit', (code) =>
      reject(new Error(`${words.join(' ')} ended with ${code}:\n${said}`)),
    );
  });
  ready.catch(() => undefined);
  return { child, gone, ready, text: () => said };
}

it('the hub runs from what the image holds, and its health is seen by the command of the image', async () => {
  await layImage();
  const [, ...node] = await readInstruction('ENTRYPOINT');
  const words = (await readInstruction('CMD')).map((word) => {
    return { '0.0.0.0': '127.0.0.1', '/data': join(folder, 'data') }[word] ?? word;
  });
  const hub = start([...node, ...words, '--port', '0']);
  const url = /"url":"([^"]+)"/.exec(await hub.ready)?.[1] ?? '';
  const [, flag = '', script = ''] = await readInstruction('HEALTHCHECK');
  const check = async () => {
    const { gone } = start([flag, script.replace('http://127.0.0.1:8787', url)]);
    return (await gone)[0];
  };
  expect(await check()).toBe(0);
  hub.child.kill('SIGTERM');
  expect((await hub.gone)[0]).toBe(0);
  expect(await check()).toBe(1);
});

it('each program of the image knows the flags that it is started with', async () => {
  for (const { words } of await listCommands()) {
    const [program = '', ...rest] = words;
    const { gone, text } = start(['--import', 'tsx', program, '--help']);
    expect((await gone)[0]).toBe(0);
    for (const flag of rest.filter((word) => word.startsWith('--'))) {
      expect(text()).toContain(flag);
    }
  }
});
