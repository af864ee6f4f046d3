import { listLeafFiles, readLeafFile } from '#client/settlements.ts';
import { bytesToHex, sha256 } from '#protocol/bytes/digest.ts';
import type { LeafFileView } from '#protocol/settlement/money-api.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import {
  compareRoots,
  findStanding,
  type RecomputeDone,
  type Settlements,
  standingRefusal,
} from '../../core/money/recompute.ts';
import { openHub } from '../hub.ts';
import { fetchFacts } from './hub-facts.ts';
import type { RecomputeAsk, RecomputeReply } from './recompute-worker.ts';
import { type MoneySite, readPool } from './site.ts';

const RECOMPUTE_MS = 5 * 60_000;
const LEAF_FILES = 50;

/** Every period that verifiers left a file of, with what the chain says of it. */
export async function readSettlements(site: MoneySite): Promise<Result<Settlements>> {
  const [pool, files] = await Promise.all([readPool(site), listLeafFiles(openHub(), LEAF_FILES)]);
  if (!pool.ok) return pool;
  if (!files.ok) return files;
  const { total, pulledTotal, claimedTotal } = pool.value;
  return accept({
    rows: files.value.map((file) => ({ file, standing: findStanding(pool.value, file) })),
    total,
    pulled: pulledTotal,
    claimed: claimedTotal,
  });
}

/**
 * Computes a period again from public facts, and compares it with the chain and with the verifiers'
 * file.
 */
export async function recomputePeriod(
  site: MoneySite,
  { dataHash, period }: LeafFileView,
  onProgress: (words: string) => void,
): Promise<Result<RecomputeDone>> {
  onProgress('Fetching the leaves…');
  const file = await readLeafFile(openHub(), dataHash);
  if (!file.ok) return file;
  if (bytesToHex(sha256(file.value)) !== dataHash) {
    const message =
      'The hub gave another file than it names: try again, or ask the verifier for it.';
    return refuse('blob-hash', message);
  }
  onProgress('Fetching the facts…');
  const facts = await fetchFacts((done, all) =>
    onProgress(`Fetching the facts: job ${done + 1} of ${all}…`),
  );
  if (!facts.ok) return facts;
  onProgress('Building both trees…');
  const done = await askWorker({ file: file.value, facts: facts.value, pool: site.pool });
  if (!done.ok) return done;
  onProgress('Reading the chain…');
  const pool = await readPool(site);
  if (!pool.ok) return pool;
  const standing = findStanding(pool.value, { dataHash, period });
  if (standing.state !== 'final') return standingRefusal(standing);
  const { differences } = done.value;
  const faults = [...compareRoots(done.value, standing), ...differences.first];
  return accept({ recomputed: done.value, faults });
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
    const fail = (why: string) => end(refuse('internal', `The trees could not be built: ${why}.`));
    const timer = setTimeout(() => fail('it took more than five minutes'), RECOMPUTE_MS);
    worker.onmessage = ({ data }: MessageEvent<RecomputeReply>) => end(data);
    worker.onerror = (event) => {
      event.preventDefault();
      fail(event.message || 'the program could not be loaded');
    };
    worker.postMessage(ask);
  });
}
