import { spawnSync } from 'node:child_process';
import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type HubClient, openClient } from '#client/client.ts';
import { sampleGguf } from '#client/gguf/sample-gguf.ts';
import { postJob } from '#client/jobs.ts';
import { readModel } from '#client/models.ts';
import { COMMIT, openFakeHuggingFace } from '#node/fake-hugging-face.ts';
import { openTestPrograms } from '#node/test-programs.ts';
import type { ModelView } from '#protocol/api/models.ts';
import { sampleModel } from '#protocol/onnx/sample-model.ts';
import { must } from '#protocol/values/refusal.ts';
import { EXIT } from './exit.ts';
import { openFakeWorld } from './fake-world.ts';
import { sampleExternal } from './repository/sample-external.ts';
import { runCli } from './run.ts';

const { start, data } = openTestPrograms();
const server = openFakeHuggingFace();
const NET = sampleModel([{ op: 'Relu', inputs: ['x'], output: 'y' }], { width: 3 });
const OTHER = sampleModel([{ op: 'Abs', inputs: ['x'], output: 'y' }], { width: 3 });
const WEIGHTS = new Uint8Array(new Float32Array([1, 2, 3]).buffer);
const CONFIG = '{"model_type":"bert"}';
let grid: HubClient;
let env: Record<string, string>;
let tests = 0;

beforeAll(async () => {
  const { url = '', key = '' } = await start(
    ...['hub/main.ts', '--port', '0', '--no-verifier', '--data', join(data, 'hub')],
  ).ready;
  grid = openClient({ hub: url, key });
  env = { POCKETGRID_HUB: url, POCKETGRID_KEY: key, HF_ENDPOINT: server.url };
});
afterEach(() => vi.unstubAllEnvs());
beforeEach(() => {
  tests += 1;
  Object.assign(server, { calls: [], breaks: [] });
});

const home = () => join(data, `home-${tests}`);
async function run(line: string, changes: Record<string, string> = {}, typed?: string) {
  const world = openFakeWorld(home(), { ...env, ...changes }, typed);
  const code = await runCli(line.split(' '), world);
  return { code, said: world.said.join('\n'), told: world.told.join('\n') };
}
async function add(line: string): Promise<ModelView> {
  const { code, said, told } = await run(`model add ${line} --json`);
  expect([code, told]).toEqual([EXIT.done, '']);
  return JSON.parse(said) as ModelView;
}
const namesOf = ({ files }: ModelView) => files.map(({ name }) => name).sort();

async function writeFiles(files: Record<string, Uint8Array | string>): Promise<string> {
  const folder = join(home(), 'clone');
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

/** The SHA-256 that a server shows of its certificate. */
const readFingerprint = (url: string) =>
  new Promise<string>((resolve, reject) => {
    const { hostname: host, port } = new URL(url);
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.once('error', reject);
  });

describe('model add hf:', () => {
  beforeEach(() => {
    server.repositories = {
      'org/net': {
        files: {
          ...{ 'README.md': '# net', 'model.safetensors': 'weights', 'config.json': CONFIG },
          ...{ 'tokenizer.json': '{"model":{}}', '1_Pooling/config.json': '{}' },
          'onnx/model.onnx': sampleExternal('model.onnx_data'),
          ...{ 'onnx/model.onnx_data': WEIGHTS, 'onnx/model_quantized.onnx': NET },
        },
      },
    };
  });

  it('brings one variant with its data and settings at one commit, and jobs run of it', async () => {
    const model = await add('hf:org/net');
    expect(model).toMatchObject({ id: 'org/net', revision: COMMIT, dtype: 'fp32' });
    expect(namesOf(model)).toEqual([
      ...['1_Pooling/config.json', 'config.json', 'onnx/model.onnx', 'onnx/model.onnx_data'],
      'tokenizer.json',
    ]);
    expect(must(await readModel(grid, `org/net@${COMMIT}`))).toEqual(model);
    const inputs = [{ name: 'rows.jsonl', data: new Blob(['{"x":[1,2,3]}']) }];
    const job = must(await postJob(grid, { inputs, options: { name: 'by id', model: 'org/net' } }));
    expect(job.inputs).toMatchObject([{ name: 'x' }]);
    // The hub has them: nothing stays here, and nothing comes again.
    expect(await readdir(join(home(), 'pocketgrid/models/org--net'))).toEqual([]);
    server.calls = [];
    expect(await add('hf:org/net@main')).toEqual(model);
    expect(server.calls).toHaveLength(1);
  });

  it('says what is there under the same name in another dtype, and takes another name', async () => {
    const other = await run('model add hf:org/net --dtype q8');
    expect(other).toMatchObject({ code: EXIT.refused, told: expect.stringContaining('(fp32)') });
    const model = await add('hf:org/net --dtype q8 --name org/net-q8');
    expect(model).toMatchObject({ id: 'org/net-q8', dtype: 'q8' });
    expect(namesOf(model)).toContain('onnx/model_quantized.onnx');
  });

  it('goes on after a break', async () => {
    const large = '{"model":"'.padEnd(60_000, 'x').concat('"}');
    const files = { 'onnx/model.onnx': OTHER, 'tokenizer.json': large };
    server.repositories = { 'org/large': { files } };
    server.breaks = ['whole', 20_000];
    const world = openFakeWorld(home(), env);
    world.onShow = (text) => /: 20\.0 kB/.test(text) && server.cut();
    expect(await runCli(['model', 'add', 'hf:org/large'], world)).toBe(EXIT.done);
    expect(world.said[0]).toContain(`org/large@${COMMIT}  fp32`);
    const ranges = server.calls
      .filter(({ path }) => path.includes('stored'))
      .flatMap(({ range }) => range ?? []);
    expect(ranges).toEqual(['bytes=20000-']);
  });

  it.each([
    ['hf:org/none', EXIT.refused, 'no repository hf:org/none'],
    ['hf:org/net@v9', EXIT.refused, 'no revision v9'],
    ['hf:org/net --dtype q4', EXIT.refused, 'it has fp32'],
    ['hf:org/net --dtype q5', EXIT.misused, 'expected fp32, fp16'],
  ])('%s ends with %i and what to do', async (line, code, told) => {
    expect(await run(`model add ${line}`)).toMatchObject({
      code,
      told: expect.stringContaining(told),
    });
  });

  it('of a repository without ONNX files gives the line that makes them', async () => {
    server.repositories = { 'org/torch': { files: { 'model.safetensors': 'x' } } };
    const { code, told } = await run('model add hf:org/torch');
    expect(code).toBe(EXIT.refused);
    expect(told).toContain('optimum-cli export onnx --model org/torch FOLDER');
  });

  it('without a network, or without a hub, can be done again later', async () => {
    const offline = await run('model add hf:org/net', { HF_ENDPOINT: 'http://127.0.0.1:9' });
    expect(offline.code).toBe(EXIT.unreachable);
    expect(offline.told).toContain('HF_ENDPOINT');
    const alone = await run('model list', { POCKETGRID_HUB: 'http://127.0.0.1:9' });
    expect(alone.code).toBe(EXIT.unreachable);
    expect(alone.told).toContain('The hub did not answer');
  });
});

describe('model add', () => {
  it('takes the same files of a folder', async () => {
    const folder = await writeFiles({
      ...{ 'onnx/model.onnx': sampleExternal('weights.bin'), 'onnx/weights.bin': WEIGHTS },
      ...{ 'config.json': CONFIG, 'notes.json': '{}', '.git/config': 'x' },
    });
    const model = await add(`${folder} --revision v1`);
    expect(model).toMatchObject({ id: 'clone', revision: 'v1', dtype: 'fp32' });
    expect(namesOf(model)).toEqual(['config.json', 'onnx/model.onnx', 'onnx/weights.bin']);
  });

  it('takes a file and its data, without settings', async () => {
    const folder = await writeFiles({
      ...{ 'my-net.onnx': sampleExternal('my-net.onnx.data'), 'my-net.onnx.data': WEIGHTS },
      ...{ 'config.json': CONFIG, 'other.onnx': NET },
    });
    const model = await add(join(folder, 'my-net.onnx'));
    expect([model.id, namesOf(model)]).toEqual(['my-net', ['my-net.onnx', 'my-net.onnx.data']]);
  });

  it('converts a GGUF file, and leaves nothing on its way', async () => {
    const way = await writeFiles({ 'way/small.gguf': sampleGguf() }).then((at) => join(at, 'way'));
    vi.stubEnv('TMPDIR', way);
    const model = await add(join(way, 'small.gguf'));
    expect(model).toMatchObject({ id: 'small', dtype: 'int8' });
    expect(namesOf(model)).toEqual(
      expect.arrayContaining(['config.json', 'onnx/model_int8.onnx', 'tokenizer.json']),
    );
    expect(await readdir(way)).toEqual(['small.gguf']);
  });

  it('names a GGUF file that is cut off, and one that is missing', async () => {
    const folder = await writeFiles({ 'cut.gguf': sampleGguf().subarray(0, 9000) });
    const cut = await run(`model add ${join(folder, 'cut.gguf')}`);
    expect([cut.code, cut.told]).toEqual([1, expect.stringContaining('Download it again')]);
    const none = await run(`model add ${join(folder, 'none.gguf')}`);
    expect([none.code, none.told]).toEqual([1, expect.stringContaining('there is no')]);
  });

  it('names a Git LFS pointer, a missing folder and what is no model', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 90\n';
    const folder = await writeFiles({ 'onnx/model.onnx': pointer, 'page.onnx': '<!doctype html>' });
    const told = async (line: string) => {
      const { code, told: text } = await run(`model add ${line}`);
      return [code, text];
    };
    expect(await told(folder)).toEqual([1, expect.stringContaining('git lfs pull')]);
    expect(await told(join(folder, 'none'))).toEqual([1, expect.stringContaining('there is no')]);
    expect(await told(join(folder, 'page.onnx'))).toEqual([1, expect.stringMatching(/\w/)]);
    await writeFiles({ 'a b.onnx': NET });
    expect(await told(folder.replace('clone', 'clone/nothing'))).toEqual([1, expect.any(String)]);
  });
});

describe('model list and remove', () => {
  it('show what there is, and remove it', async () => {
    const folder = await writeFiles({ 'short-lived.onnx': NET });
    const model = await add(join(folder, 'short-lived.onnx'));
    expect((await run('model list')).said).toContain(
      `short-lived  ${(NET.length / 1e3).toFixed(1)} kB`,
    );
    const list = JSON.parse((await run('model list --json')).said) as { data: ModelView[] };
    expect(list.data).toContainEqual(model);
    expect(await run('model remove short-lived')).toMatchObject({ code: EXIT.done });
    const again = await run('model remove short-livd --json');
    expect(again.code).toBe(EXIT.refused);
    expect(JSON.parse(again.told)).toMatchObject({ error: { code: 'model-unknown' } });
  });
});

describe('login', () => {
  it('keeps a key that its hub knows, for the other commands', async () => {
    const { POCKETGRID_HUB: hub = '', POCKETGRID_KEY: key = '' } = env;
    const bare = { POCKETGRID_HUB: '', POCKETGRID_KEY: '' };
    const none = await run('model list', bare);
    expect([none.code, none.told]).toEqual([1, expect.stringContaining('pocketgrid login')]);
    const wrong = await run(`login --hub ${hub}`, bare, `pg_${'A'.repeat(43)}`);
    expect(wrong).toMatchObject({
      code: EXIT.refused,
      told: expect.stringContaining('no such key'),
    });
    const done = await run(`login --hub ${hub} --json`, bare, `${key}\n`);
    expect(done.code).toBe(EXIT.done);
    expect(done.said).not.toContain(key);
    const { file } = JSON.parse(done.said) as { file: string };
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await run('model list', bare)).code).toBe(EXIT.done);
    await chmod(file, 0o640);
    expect((await run('model list', bare)).told).toContain('chmod 600');
  });

  it('keeps the certificate of a hub that signed its own, and says nothing to another', async () => {
    const words = [
      '--host',
      '127.0.0.1',
      '--port',
      '0',
      '--no-verifier',
      '--data',
      join(data, 'lan'),
    ];
    const { url = '', key = '' } = await start('hub/main.ts', '--lan', ...words).ready;
    const pin = await readFingerprint(url);
    const bare = { POCKETGRID_HUB: '', POCKETGRID_KEY: '' };
    expect((await run(`login --hub ${url}`, bare, key)).code).toBe(EXIT.unreachable);
    const wrong = await run(`login --hub ${url} --pin ${'ab'.repeat(32)}`, bare, key);
    expect(wrong.told).toContain('compare it with what the hub prints');
    expect((await run(`login --hub ${url} --pin ${pin}`, bare, key)).code).toBe(EXIT.done);
    const folder = await writeFiles({ 'net.onnx': NET });
    expect((await run(`model add ${join(folder, 'net.onnx')}`, bare)).code).toBe(EXIT.done);
    const plain = await run(`login --hub http://127.0.0.1:9 --pin ${pin}`, bare, key);
    expect(plain.told).toContain('name the https address');
  });

  it.each(['login', 'model list', 'model remove'])(
    '%s takes no key on the command line',
    async (line) => {
      const { code, told, said } = await run(`${line} --hub http://x pg_${'B'.repeat(43)}`);
      expect(code).toBe(EXIT.misused);
      expect(told).toContain('can be read by others');
      expect(told + said).not.toContain('BBB');
    },
  );
});

describe('the command line', () => {
  it.each([
    '--help',
    'login --help',
    'model add --help',
    'model list --help',
    'model remove --help',
  ])('%s says what there is', async (line) => {
    const { code, said } = await run(line);
    expect([code, said]).toEqual([EXIT.done, expect.stringContaining('pocketgrid')]);
  });

  it.each(['', 'modle', 'model', 'model add', 'model add a b', 'model list --no', 'login --hub x'])(
    '%j is wrong, and ends with 2',
    async (line) => {
      const args = line === '' ? [] : line.split(' ');
      const world = openFakeWorld(home(), env);
      expect(await runCli(args, world)).toBe(EXIT.misused);
      expect(world.said.length + world.told.length).toBeGreaterThan(0);
    },
  );

  it('is a program of its own', () => {
    const program = (...args: string[]) =>
      spawnSync(process.execPath, [join(import.meta.dirname, 'pocketgrid.mjs'), ...args], {
        env: { ...process.env, ...env, XDG_CONFIG_HOME: home() },
        input: '',
        encoding: 'utf8',
        timeout: 30_000,
      });
    const listed = program('model', 'list', '--json');
    expect([listed.status, JSON.parse(listed.stdout)]).toMatchObject([0, { object: 'list' }]);
    const wrong = program('model', 'remove', 'nothing-of-this-name');
    expect([wrong.status, wrong.stdout]).toEqual([1, '']);
    expect(wrong.stderr).toContain('this hub has no model nothing-of-this-name');
  });
});
