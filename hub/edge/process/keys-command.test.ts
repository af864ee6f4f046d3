import { describe, expect, it } from 'vitest';
import { openClient } from '#client/client.ts';
import { listJobs } from '#client/jobs.ts';
import { listKeys } from '#client/keys.ts';
import { openTestFolder } from '#node/test-folder.ts';
import { must } from '#protocol/values/refusal.ts';
import { openTestHub } from '../test-hub.ts';
import { runKeysCommand } from './keys-command.ts';

const hub = openTestHub(() => ({ needsVerifier: false }));
const run = (...words: string[]) => runKeysCommand([...words, '--data', hub.data]);
const idIn = (line = '') => /^dev_[0-9a-f]{16}/.exec(line)?.[0] ?? '';

describe('the command line', () => {
  it('makes, shares and revokes keys of a hub that runs', async () => {
    const flags = ['--read-only', '--days', '3', '--items', '7', '--lamports', '8'];
    const [line = '', text = ''] = must(await run('add', 'a team', ...flags));
    expect(line).toMatch(/a team: developer, reads only, until .*, 7 items, 8 lamports$/);
    const key = /^pg_\S+/.exec(text)?.[0];
    const client = openClient({ hub: hub.url, key });
    expect(must(await listJobs(client)).jobs).toEqual([]);
    const owner = idIn(must(await run('list'))[0]);
    expect(must(await run('share', owner, idIn(line), 'read'))).toHaveLength(1);
    expect(must(await run('revoke', idIn(line)))).toEqual([`${idIn(line)} is revoked`]);
    expect((await listJobs(client)).ok).toBe(false);
    const operator = openClient({ hub: hub.url, key: hub.key });
    expect(must(await listKeys(operator)).keys).toHaveLength(must(await run('list')).length);
  });

  it('makes the first key of a hub that was never started', async () => {
    const data = openTestFolder();
    const add = ['add', 'me', '--operator', '--calls-per-minute', '9', '--data', data];
    expect(must(await runKeysCommand(add))[0]).toMatch(/me: operator, 9 calls a minute$/);
    const listed = must(await runKeysCommand(['list', '--data', data]));
    expect(listed).toHaveLength(1);
  });

  it.each([
    [[], 'say what to do'],
    [['dance'], 'say what to do'],
    [['add'], 'name is missing'],
    [['add', 'x', '--days', 'soon'], '--days'],
    [['add', 'x', '--lamports', '-1'], 'lamports'],
    [['revoke', 'me'], 'id'],
    [['revoke', 'dev_0123456789abcdef'], 'no key dev_0123456789abcdef'],
    [['share', 'dev_0123456789abcdef', 'dev_0123456789abcdef', 'all'], 'access'],
  ])('says what is wrong with %j', async (words, part) => {
    const done = await run(...words);
    expect(done.ok ? '' : done.refusal.message).toContain(part);
  });

  it('says that there is no hub', async () => {
    const done = await runKeysCommand(['list', '--data', openTestFolder()]);
    expect(done).toMatchObject({ refusal: { message: expect.stringContaining('no hub') } });
  });
});
