import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Grid } from './grid.ts';
import { openProgram } from './program.ts';

/** Where the settlement program is on a development chain. */
const PROGRAM = 'BtYet9TUh4oEXoVbNBKRSi7n2DhgXdHVpCBU74a8o2L3';
const GRACE_SECONDS = 8;

/** Makes what a grid settles in on its development chain, with windows of seconds. */
export async function openChain(grid: Grid): Promise<void> {
  const file = join(grid.folder, 'admin.json');
  const address = await writeWallet(file);
  const keyFile = join(grid.folder, 'operator.key');
  await writeFile(keyFile, grid.key);
  await call(grid, 'requestAirdrop', [address, 10_000_000_000]);
  const program = openProgram('chain:init', [
    'scripts/chain-init.ts',
    ...['--hub', grid.url, '--key', keyFile, '--rpc-url', new URL('/chain', grid.url).href],
    ...['--program', PROGRAM, '--admin', file, '--verifier', grid.verifier],
    ...['--challenge-seconds', '2', '--grace-seconds', String(GRACE_SECONDS)],
  ]);
  try {
    await program.line(/^The grid settles in the pool/);
  } finally {
    await program.stop();
  }
}

/** A new key as Solana's tools write it: seed and public key. Gives its address. */
async function writeWallet(file: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const [seed, key] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  await writeFile(file, JSON.stringify([...seed, ...key]));
  return encodeBase58(key);
}

function encodeBase58(bytes: Buffer): string {
  const digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let [rest, text] = [BigInt(`0x${bytes.toString('hex')}`), ''];
  for (; rest > 0n; rest /= 58n) text = digits.charAt(Number(rest % 58n)) + text;
  return text;
}

async function call(grid: Grid, method: string, params: unknown[]): Promise<unknown> {
  const response = await fetch(new URL('/chain', grid.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
  return answer.result;
}
