import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createClient, type InStatement } from '@libsql/client';
import type { JobView } from '#protocol/api/job.ts';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { signingBytes } from '#protocol/bytes/signature.ts';
import { PAY_POLICY } from '#protocol/checks/check-policy.ts';

const ROWS_A_BATCH = 1_000;

export interface Seed {
  /** The data folder of a hub that does not run. */
  folder: string;
  job: JobView;
  verifier: string;
  contributors: number;
}

/**
 * Writes into a hub's database what it would have written had so many devices each computed one
 * unit of a job, been judged, linked an address, and the job's money been closed. Their keys and
 * signatures are real; the outputs are not computed, since settlement never looks at them.
 */
export async function seedContributors({
  folder,
  job,
  verifier,
  contributors,
}: Seed): Promise<void> {
  const client = createClient({ url: pathToFileURL(join(folder, 'hub.db')).href });
  const at = Date.now() - 60_000;
  const numbers = Array.from({ length: contributors }, (_, number) => number);
  for (let from = 0; from < contributors; from += ROWS_A_BATCH) {
    const page = numbers.slice(from, from + ROWS_A_BATCH);
    await client.batch(
      page.flatMap((number) => rowsOf({ number, job, at })),
      'write',
    );
  }
  const judged = { sql: 'insert into judged (verifier, through) values (?, ?)' };
  const moved = { sql: 'insert into job_move (job, state, reason, at) values (?, ?, ?, ?)' };
  const closed = { sql: 'insert into job_closing (job, at) values (?, ?)' };
  await client.batch(
    [
      { ...judged, args: [verifier, contributors - 1] },
      { ...moved, args: [job.id, 'done', 'seeded by a bench', at + 1] },
      { ...closed, args: [job.id, at + 2] },
    ],
    'write',
  );
  client.close();
}

function rowsOf({ number, job, at }: { number: number; job: JobView; at: number }): InStatement[] {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(String(publicKey.export({ format: 'jwk' }).x), 'base64url');
  const device = raw.toString('hex');
  const lease = randomBytes(16).toString('hex');
  const digest = createHash('sha256').update(device).digest();
  const shard = {
    sequence: number,
    index: number,
    job: job.id,
    lease,
    device,
    provider: 'wasm',
    package: job.package,
    firstUnit: number,
    unitCount: 1,
    workBefore: PAY_POLICY.probationUnits * 1_000,
    unitCost: 1_000,
    commitment: digest.toString('hex'),
    digests: digest.toString('base64'),
    at,
  };
  const record = { device, recipient: encodeBase58(randomBytes(32)), at };
  const signature = sign(null, signingBytes('payout', record), privateKey).toString('hex');
  const payout = { index: number, record, signature, at };
  return [
    {
      sql: `insert into accepted (sequence, log_index, job, lease, first_unit, end_unit, shard_json, salt,
        compute_ms, outputs) values (?, ?, ?, ?, ?, ?, ?, ?, 1, x'00')`,
      args: [number, number, job.id, lease, number, number + 1, JSON.stringify(shard), device],
    },
    {
      sql: 'insert into payout (leaf, payout_json) values (?, ?)',
      args: [number, JSON.stringify(payout)],
    },
  ];
}
