import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { join } from 'node:path';
import { openKeyFile } from '#node/key-file.ts';
import { encodeBase58 } from '#protocol/bytes/base58.ts';
import { signingBytes } from '#protocol/bytes/signature.ts';
import { PAY_POLICY } from '#protocol/checks/check-policy.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import type { Digest, JobId, LeaseId, Nonce, PublicKey, Signature } from '#protocol/values/ids.ts';
import { why } from '#protocol/values/reason.ts';
import { type Instant, instant, millis } from '#protocol/values/units.ts';
import type { Fact } from '../../core/state/facts.ts';
import { openFileStore } from '../store/store.ts';

const DEVICES_A_GROUP = 1_000;
const UNIT_COST = 1_000;

/**
 * `earners.ts FOLDER JOB PACKAGE VERIFIER COUNT`, on the data folder of a hub that does not run:
 * writes the facts that it would have written had so many devices each computed one unit of a job,
 * been judged, linked an address, and the job's money been closed. Their keys and signatures of pay
 * are real; nothing is computed, since settlement never looks at outputs. Prints one JSON line.
 */
async function main([folder = '', job = '', id = '', verifier = '', count = '0']: string[]) {
  const { key: hub } = await openKeyFile(join(folder, 'keys', 'hub.json'));
  const store = await openFileStore(join(folder, 'hub.db'));
  const at = instant(Date.now() - 60_000);
  const of = { hub, job: job as JobId, package: id as Digest, at };
  const numbers = Array.from({ length: Number(count) }, (_, number) => number);
  for (let from = 0; from < numbers.length; from += DEVICES_A_GROUP) {
    await store.append(
      numbers.slice(from, from + DEVICES_A_GROUP).flatMap((each) => earn(each, of)),
    );
  }
  await store.append([
    { type: 'judged', verifier: verifier as PublicKey, through: numbers.length - 1 },
    {
      type: 'job-moved',
      job: of.job,
      state: 'done',
      reason: why('stated', { text: 'written by a bench' }),
      at: instant(at + 1),
    },
    { type: 'job-closing', job: of.job, at: instant(at + 2) },
  ]);
  await store.close();
  process.stdout.write(`${JSON.stringify({ earned: true, devices: numbers.length })}\n`);
}

/** What one device adds: a shard of one unit, committed to and accepted, and where its pay goes. */
function earn(
  number: number,
  { hub, job, package: id, at }: { hub: PublicKey; job: JobId; package: Digest; at: Instant },
): Fact[] {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(String(publicKey.export({ format: 'jwk' }).x), 'base64url');
  const device = raw.toString('hex') as PublicKey;
  const digest = createHash('sha256').update(device).digest();
  const commitment = digest.toString('hex') as Digest;
  const shard = {
    job,
    lease: randomBytes(16).toString('hex') as LeaseId,
    device,
    provider: 'wasm' as const,
    package: id,
    firstUnit: number,
    unitCount: 1,
  };
  const unread = randomBytes(64).toString('hex') as Signature;
  const record = { device, hub, recipient: encodeBase58(randomBytes(32)) as Address, at };
  const signature = sign(null, signingBytes('payout', record), privateKey);
  return [
    {
      type: 'committed',
      commitment: {
        entry: { index: number, commitment, at },
        ...{ shard, logSignature: unread, signature: unread },
      },
    },
    {
      type: 'accepted',
      shard: {
        ...shard,
        ...{ sequence: number, index: number, commitment, digests: digest.toString('base64'), at },
        ...{ workBefore: PAY_POLICY.probationUnits * UNIT_COST, unitCost: UNIT_COST },
      },
      salt: device as string as Nonce,
      computeMs: millis(1),
      outputs: new Uint8Array(1),
    },
    {
      type: 'payout-linked',
      payout: { index: number, record, signature: signature.toString('hex') as Signature, at },
    },
  ];
}

await main(process.argv.slice(2));
