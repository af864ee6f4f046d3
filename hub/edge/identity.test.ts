import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PublicKey, Signature } from '#protocol/ids.ts';
import { signingBytes, verifySignature } from '#protocol/signature.ts';
import { type Identity, openIdentity, verify } from './identity.ts';

let folder = '';
let identity: Identity;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pocketgrid-identity-'));
  identity = await openIdentity(join(folder, 'keys', 'hub.json'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const record = { index: 7, commitment: 'ab', at: 12.5 };

describe('identity', () => {
  it('is made once, readable by its owner alone, and stays', async () => {
    const file = join(folder, 'keys', 'hub.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'keys'))).toEqual(['hub.json']);
    expect((await openIdentity(file)).publicKey).toBe(identity.publicKey);
    expect(identity.publicKey).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is one key when two processes start at once', async () => {
    const file = join(folder, 'race.json');
    const [a, b] = await Promise.all([openIdentity(file), openIdentity(file)]);
    expect(a.publicKey).toBe(b.publicKey);
  });

  it('signs what the plain implementation verifies, under one context only', () => {
    const signature = identity.sign('log-entry', record);
    const { publicKey } = identity;
    expect(verifySignature(publicKey, signingBytes('log-entry', record), signature)).toBe(true);
    const signed = { key: publicKey, context: 'log-entry', record, signature } as const;
    expect(verify(signed)).toBe(true);
    expect(verify({ ...signed, context: 'verdict' })).toBe(false);
    expect(verify({ ...signed, record: { ...record, index: 8 } })).toBe(false);
  });

  it('says false to keys and signatures that are none', () => {
    const signature = identity.sign('hello', record);
    const other = `${signature.slice(0, -2)}${signature.endsWith('00') ? '01' : '00'}`;
    const check = (key: string, text: string) =>
      verify({ key: key as PublicKey, context: 'hello', record, signature: text as Signature });
    expect(check(identity.publicKey, other)).toBe(false);
    expect(check(identity.publicKey, signature.slice(2))).toBe(false);
    expect(check(identity.publicKey, 'x'.repeat(128))).toBe(false);
    expect(check('f'.repeat(64), signature)).toBe(false);
    expect(check('short', signature)).toBe(false);
  });

  it('refuses a file that holds no key, and leaves it as it was', async () => {
    const file = join(folder, 'other.json');
    const whole = await readFile(join(folder, 'keys', 'hub.json'), 'utf8');
    const mixed = JSON.stringify({ ...JSON.parse(whole), x: 'A'.repeat(43) });
    for (const text of ['', '{}', whole.slice(0, 40), mixed]) {
      await writeFile(file, text);
      const opened = openIdentity(file);
      await expect(opened).rejects.toMatchObject({ refusal: { code: 'storage-failed' } });
      expect(await readFile(file, 'utf8')).toBe(text);
    }
  });
});
