import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openTestFolder } from '../test-folder.ts';
import { decodeConfig, readConfig } from './config-file.ts';

const data = openTestFolder();
const said = (text: string) => {
  const decoded = decodeConfig(text);
  return decoded.ok ? 'accepted' : decoded.refusal.message;
};

it('a file gives each section as flags are written', () => {
  const hub = { port: 0, lan: true, origin: ['https://a.example'], checks: 'flat:0.5' };
  const verifier = { 'epoch-minutes': 0.5 };
  expect(decodeConfig(JSON.stringify({ $schema: 's', hub, verifier }))).toEqual({
    ok: true,
    value: { hub: { ...hub, port: '0' }, verifier: { 'epoch-minutes': '0.5' }, start: {} },
  });
});

it.each([
  ['{', 'no JSON'],
  ['[]', 'no object'],
  ['{"hub":[]}', 'hub is no object'],
  ['{"hubb":{}}', 'hubb is no field; did you mean hub?'],
  ['{"hub":{"log-levels":"warn"}}', 'hub.log-levels is no field; did you mean log-level?'],
  ['{"hub":{"zzz":1}}', 'hub.zzz is no field; there are port, host'],
  ['{"hub":7}', 'hub'],
  ['{"hub":{"port":"8787"}}', 'hub.port'],
  ['{"hub":{"port":70000}}', 'hub.port'],
  ['{"hub":{"port":1.5}}', 'hub.port'],
  ['{"hub":{"lan":"yes"}}', 'hub.lan'],
  ['{"hub":{"log-level":"loud"}}', 'hub.log-level'],
  ['{"hub":{"checks":"often"}}', 'hub.checks'],
  ['{"hub":{"newcomers":"5"}}', 'hub.newcomers'],
  ['{"hub":{"verifier-key":["ab"]}}', 'hub.verifier-key.0'],
  ['{"hub":{"config":"other.json"}}', 'hub.config is no field'],
  ['{"verifier":{"print-key":true}}', 'verifier.print-key is no field'],
  ['{"verifier":{"hub":"ftp://a"}}', 'verifier.hub'],
  ['{"start":{"contributors":65}}', 'start.contributors'],
  ['{"start":{"port":1}}', 'start.port is no field'],
])('%s is refused by its field', (text, part) => expect(said(text)).toContain(part));

it('the refusal of a file names it, and no file is asked for without --config', async () => {
  const path = join(data, 'bad.json');
  await writeFile(path, '{"hub":{"portt":1}}');
  const messageOf = async (...args: string[]) => {
    const read = await readConfig(args);
    return read.ok ? 'accepted' : read.refusal.message;
  };
  expect(await messageOf('--port', '1', '--config', path)).toBe(
    `${path}: hub.portt is no field; did you mean port?`,
  );
  expect(await messageOf(`--config=${join(data, 'none.json')}`)).toContain('cannot be read');
  expect(await messageOf('--config')).toContain('--config needs a file');
  expect(await readConfig(['--port', '1', 'word'])).toEqual({
    ok: true,
    value: { hub: {}, verifier: {}, start: {} },
  });
});
