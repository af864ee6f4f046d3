import { generateKeyPairSync } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { signingBytes, verifySignature } from '#protocol/bytes/signature.ts';
import type { PublicKey, Signature } from '#protocol/values/ids.ts';
import { type KeyFile, openKeyFile } from './key-file.ts';
import { verify } from './verify.ts';

const folder = openTestFolder();
let identity: KeyFile;
beforeAll(async () => {
  identity = await openKeyFile(join(folder, 'keys', 'hub.json'));
});
const record = { index: 7, commitment: 'ab', at: 12.5 };

it('a key file is made once, readable by its owner alone, and stays', async () => {
  const file = join(folder, 'keys', 'hub.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(folder, 'keys'))).toEqual(['hub.json']);
  expect((await openKeyFile(file)).key).toBe(identity.key);
  expect(identity.key).toMatch(/^[0-9a-f]{64}$/);
});

it('two processes that start at once agree on one key', async () => {
  const file = join(folder, 'race.json');
  const [a, b] = await Promise.all([openKeyFile(file), openKeyFile(file)]);
  expect(a.key).toBe(b.key);
});

it('a key signs what the plain implementation verifies, under one context only', () => {
  const signature = identity.sign('log-entry', record);
  const { key } = identity;
  expect(verifySignature(key, signingBytes('log-entry', record), signature)).toBe(true);
  const signed = { key, context: 'log-entry', record, signature } as const;
  expect(verify(signed)).toBe(true);
  expect(verify({ ...signed, context: 'verdict' })).toBe(false);
  expect(verify({ ...signed, record: { ...record, index: 8 } })).toBe(false);
});

it('a check of malformed keys and signatures says false', () => {
  const signature = identity.sign('hello', record);
  const other = `${signature.slice(0, -2)}${signature.endsWith('00') ? '01' : '00'}`;
  const check = (key: string, text: string) =>
    verify({ key: key as PublicKey, context: 'hello', record, signature: text as Signature });
  expect(check(identity.key, other)).toBe(false);
  expect(check(identity.key, signature.slice(2))).toBe(false);
  expect(check(identity.key, 'x'.repeat(128))).toBe(false);
  expect(check('f'.repeat(64), signature)).toBe(false);
  expect(check('short', signature)).toBe(false);
});

it('opening refuses a file that holds no key, and leaves it as it was', async () => {
  const file = join(folder, 'other.json');
  const whole = await readFile(join(folder, 'keys', 'hub.json'), 'utf8');
  const mixed = JSON.stringify({ ...JSON.parse(whole), x: 'A'.repeat(43) });
  for (const text of ['', '{}', whole.slice(0, 40), mixed]) {
    await writeFile(file, text);
    const opened = openKeyFile(file);
    await expect(opened).rejects.toMatchObject({ refusal: { code: 'storage-failed' } });
    expect(await readFile(file, 'utf8')).toBe(text);
  }
});

it('a key that WebCrypto exported opens as the same key', async () => {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new Error('a pair was asked for');
  const file = join(folder, 'web.json');
  await writeFile(file, JSON.stringify(await crypto.subtle.exportKey('jwk', pair.privateKey)));
  const raw = Buffer.from(await crypto.subtle.exportKey('raw', pair.publicKey));
  expect((await openKeyFile(file)).key).toBe(raw.toString('hex'));
});

it('opening refuses a key of another kind', async () => {
  const { privateKey } = generateKeyPairSync('x25519');
  const file = join(folder, 'x25519.json');
  await writeFile(file, JSON.stringify(privateKey.export({ format: 'jwk' })));
  await expect(openKeyFile(file)).rejects.toMatchObject({ refusal: { code: 'storage-failed' } });
});

it('a key signs bytes as they are', () => {
  const bytes = new TextEncoder().encode('a message of the chain');
  const signature = Buffer.from(identity.signBytes(bytes)).toString('hex') as Signature;
  expect(verifySignature(identity.key, bytes, signature)).toBe(true);
});
