import { ed25519 } from '@noble/curves/ed25519.js';
import { encodeBase64 } from '../bytes/base64.ts';
import {
  bytesToHex,
  concatBytes,
  DIGEST_BYTES,
  digest,
  digestCommitment,
  sha256,
} from '../bytes/digest.ts';
import { appendLeaf, frontierRoot, hashLeaf, openFrontier } from '../bytes/merkle-log.ts';
import { type SigningContext, signingBytes } from '../bytes/signature.ts';
import type { Digest, JobId, LeaseId, Nonce, PublicKey, Root, Signature } from '../values/ids.ts';
import { instant } from '../values/units.ts';
import { hashEntry } from './public-log.ts';
import type { Receipt, SignedVerdict, Verdict } from './records.ts';
import { sampleVerdict } from './sample-verdict.ts';

/** Keys and a receipt to test with: real signatures, made from a seed. */
export interface SampleKey {
  key: PublicKey;
  sign(context: SigningContext, record: unknown): Signature;
}

export function sampleKey(name: string): SampleKey {
  const secret = sha256(bytesOf(name));
  return {
    key: bytesToHex(ed25519.getPublicKey(secret)) as PublicKey,
    sign: (context, record) =>
      bytesToHex(ed25519.sign(signingBytes(context, record), secret)) as Signature,
  };
}

const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const digestOf = (text: string): Digest => digest(bytesOf(text));

const UNITS = 4;
const FIRST_UNIT = 8;

/** What verdicts say of a shard whose package has taps. */
export type SampleInside = Partial<Pick<Verdict, 'fingerprint' | 'kind'>>;

/** A shard of four units, committed to as the second of three log entries, two of them judged. */
export function sampleReceipt(judged?: SampleInside): Receipt {
  const [hub, device, verifier] = ['hub', 'device', 'verifier'].map(sampleKey);
  if (hub === undefined || device === undefined || verifier === undefined) throw new Error('keys');
  const lease = digestOf('lease').slice(0, 32) as LeaseId;
  const salt = digestOf('salt') as string as Nonce;
  const outputs = Array.from({ length: UNITS }, (_, unit) => sha256(bytesOf(`outputs ${unit}`)));
  const digests = concatBytes(...outputs);
  const taps = judged && digestOf('taps');
  const commitment = digestCommitment({ lease, device: device.key, salt, digests, taps });
  const log = { index: 7, commitment, at: instant(1_790_000_000_000) };
  const shard: Receipt['shard'] = {
    sequence: 3,
    index: log.index,
    job: 'job_0123456789abcdef' as JobId,
    lease,
    device: device.key,
    provider: 'wasm',
    package: digestOf('package'),
    firstUnit: FIRST_UNIT,
    unitCount: UNITS,
    workBefore: 200_000,
    unitCost: 1_000,
    commitment,
    digests: encodeBase64(digests),
    ...(taps === undefined ? {} : { taps }),
    at: instant(1_790_000_000_500.5),
  };
  const judge = (place: number): SignedVerdict => {
    const claimed = bytesToHex(outputs[place] ?? new Uint8Array(DIGEST_BYTES)) as Digest;
    const verdict = sampleVerdict(
      { verifier: verifier.key, shard, unit: FIRST_UNIT + place, claimed },
      { ...judged, epoch: 2, at: instant(1_790_000_001_000) },
    );
    return { verdict, signature: verifier.sign('verdict', verdict) };
  };
  const { head, path } = sampleTree(hashEntry(log));
  const record = {
    shard,
    salt,
    commitmentSignature: device.sign('commitment', { lease, device: device.key, commitment }),
    log,
    hub: hub.key,
    logSignature: hub.sign('log-entry', log),
    inclusion: { position: 1, path },
    head: { head, signature: hub.sign('tree-head', head) },
    inputs: {
      root: digestOf('inputs') as string as Root,
      digests: encodeBase64(new Uint8Array(UNITS * DIGEST_BYTES).fill(5)),
    },
    runtime: 'onnxruntime-web 1.30.0',
    verdicts: [judge(0), judge(2)],
  };
  return { ...record, signature: hub.sign('receipt', record) };
}

/** The head of a log of three entries, and the path from the second one to it. */
function sampleTree(second: Uint8Array) {
  const frontier = openFrontier();
  const [first, last] = [hashLeaf(bytesOf('first')), hashLeaf(bytesOf('last'))];
  for (const leaf of [first, second, last]) appendLeaf(frontier, leaf);
  const root = bytesToHex(frontierRoot(frontier)) as Digest;
  const head = { size: frontier.size, root, at: instant(1_790_000_002_000) };
  return { head, path: [first, last].map((hash) => bytesToHex(hash) as Digest) };
}
