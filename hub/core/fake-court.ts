import type { SignedVerdict, Verdict } from '#protocol/records/records.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { type Lamports, lamports } from '#protocol/values/units.ts';
import {
  type BenchOptions,
  beginJob,
  deliver,
  joinWorker,
  openBench,
  PHONE,
  quoteJob,
  speak,
  VERIFIER,
  verdictOn,
} from './fake-world.ts';
import { banOf, viewGrid } from './hub.ts';

export const SECOND = 'b2'.repeat(32) as PublicKey;
export const THIRD = 'b3'.repeat(32) as PublicKey;
export const FOURTH = 'b4'.repeat(32) as PublicKey;
const SOCKETS: Record<string, number> = { [VERIFIER]: 1, [SECOND]: 11, [THIRD]: 12, [FOURTH]: 13 };
export const socketOf = (key: PublicKey): number => SOCKETS[key] ?? 0;

type CourtOptions = Omit<BenchOptions, 'verifiers'> & {
  /** What a unit of the job pays; by default 5 lamports. */
  unitPrice?: Lamports;
  /** Units of the job; the phone delivers all of a small one at once. */
  units?: number;
  enrolled?: readonly PublicKey[];
  /** Those of them that are online from the start; the first one always is. */
  online?: readonly PublicKey[];
};

/** A hub with several verifiers, three by default, and a phone that delivered a shard. */
export function openCourt(options: CourtOptions = {}) {
  const { units = 5_000, unitPrice = lamports(5n) } = options;
  const { enrolled = [VERIFIER, SECOND, THIRD], online = enrolled } = options;
  const bench = openBench({ needsVerifier: true, ...options, verifiers: enrolled });
  quoteJob(bench, units, { unitPrice });
  beginJob(bench);
  for (const key of online.slice(1)) bench.join(socketOf(key), key, 'verifier');
  joinWorker(bench, 2, { key: PHONE, unitMs: 1 });
  deliver(bench, 2, PHONE);
  return {
    ...bench,
    bench,
    /** What a verifier would say of a unit, the first one of the shard if not said otherwise. */
    opinion(key: PublicKey, kind: Verdict['kind'], changes: Partial<Verdict> = {}): SignedVerdict {
      const { verdict, signature } = verdictOn(bench, kind, key);
      return { verdict: { ...verdict, ...changes }, signature };
    },
    tell: (key: PublicKey, signed: SignedVerdict): void => speak(bench, socketOf(key), signed),
    /** A verifier says so of the first unit of the shard. */
    judge: (key: PublicKey, kind: Verdict['kind']): void =>
      speak(bench, socketOf(key), verdictOn(bench, kind, key)),
    enter: (key: PublicKey): void => bench.join(socketOf(key), key, 'verifier'),
    leave: (key: PublicKey): void => bench.post({ type: 'disconnected', socket: socketOf(key) }),
    /** Units that a verifier was asked about. */
    asked: (key: PublicKey): number[][] =>
      (bench.sent.get(socketOf(key)) ?? []).flatMap((message) =>
        message.type === 'check' && message.units !== undefined ? [message.units] : [],
      ),
    /** A verifier has judged all that it was sent. */
    judgeAll(key: PublicKey): void {
      const through = bench.last(1, 'check')?.shard.sequence ?? -1;
      bench.say(socketOf(key), { type: 'judged', through });
    },
    /** Time passes, and all that are online say so. */
    stay(ms: number): void {
      for (let passed = 0; passed < ms; passed += 10_000) {
        for (const key of bench.hub().verifiers.keys()) {
          bench.say(socketOf(key), { type: 'beat' });
        }
        bench.wait(Math.min(10_000, ms - passed));
      }
    },
    isBanned: () => banOf(bench.hub(), PHONE) !== undefined,
    grid: () => viewGrid(bench.hub()),
  };
}
export type Court = ReturnType<typeof openCourt>;
