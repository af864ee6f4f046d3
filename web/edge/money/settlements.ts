import { t } from '@lingui/core/macro';
import { openMoneyReader } from '#client/money-reader.ts';
import { listLeafFiles, readLeafFile } from '#client/settlements.ts';
import { bytesToHex, sha256 } from '#protocol/bytes/digest.ts';
import type { LeafFileView } from '#protocol/settlement/money-api.ts';
import { fault, must, refuse } from '#protocol/values/refusal.ts';
import { findStanding, type RecomputeDone, type Settlements } from '../../core/money/recompute.ts';
import {
  compareRoots,
  describeDifference,
  standingRefusal,
} from '../../core/money/recompute-words.ts';
import { openHub } from '../hub.ts';
import type { RecomputeAsk, RecomputeReply } from './recompute-worker.ts';
import { type MoneySite, readPool } from './site.ts';

const RECOMPUTE_MS = 5 * 60_000;
const LEAF_FILES = 50;

/** Every period that verifiers left a file of, with what the chain says of it. */
export async function readSettlements(site: MoneySite): Promise<Settlements> {
  const [pool, files] = await Promise.all([readPool(site), listLeafFiles(openHub(), LEAF_FILES)]);
  const { total, pulledTotal, claimedTotal } = pool;
  return {
    rows: must(files).map((file) => ({ file, standing: findStanding(pool, file) })),
    total,
    pulled: pulledTotal,
    claimed: claimedTotal,
  };
}

/** Computes a period again from public facts, and compares it with chain and file. */
export async function recomputePeriod(
  site: MoneySite,
  { dataHash, period }: LeafFileView,
  onProgress: (words: string) => void,
): Promise<RecomputeDone> {
  onProgress(t`Fetching the leaves…`);
  const file = must(await readLeafFile(openHub(), dataHash));
  if (bytesToHex(sha256(file)) !== dataHash) {
    const message = t`The hub gave another file than it names: try again, or ask the verifier for it.`;
    throw fault('blob-hash', message);
  }
  onProgress(t`Fetching the facts…`);
  const facts = await openMoneyReader(openHub(), (done, all) =>
    onProgress(t`Fetching the facts: job ${done + 1} of ${all}…`),
  ).read();
  onProgress(t`Building both trees…`);
  const recomputed = must(await askWorker({ file, facts, pool: site.pool }));
  onProgress(t`Reading the chain…`);
  const standing = findStanding(await readPool(site), { dataHash, period });
  if (standing.state !== 'final') return must(standingRefusal(standing));
  const faults = [
    ...compareRoots(recomputed, standing),
    ...recomputed.differences.first.map(describeDifference),
  ];
  return { recomputed, faults };
}

function askWorker(ask: RecomputeAsk): Promise<RecomputeReply> {
  const worker = new Worker(new URL('./recompute-worker.ts', import.meta.url), {
    type: 'module',
    name: 'recompute',
  });
  return new Promise((resolve) => {
    const end = (reply: RecomputeReply) => {
      clearTimeout(timer);
      worker.terminate();
      resolve(reply);
    };
    const fail = (why: string) => end(refuse('internal', t`The trees could not be built: ${why}.`));
    const timer = setTimeout(() => fail(t`it took more than five minutes`), RECOMPUTE_MS);
    worker.onmessage = ({ data }: MessageEvent<RecomputeReply>) => end(data);
    worker.onerror = (event) => {
      event.preventDefault();
      fail(event.message || t`the program could not be loaded`);
    };
    worker.postMessage(ask);
  });
}
