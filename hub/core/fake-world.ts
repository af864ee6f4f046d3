import type { Assurance, JobRecord } from '#protocol/api/job.ts';
import { DIGEST_BYTES, digest, digestCommitment, sha256 } from '#protocol/bytes/digest.ts';
import { type DecoyFindings, NO_DECOYS } from '#protocol/checks/thresholds.ts';
import {
  type Capabilities,
  type ClientMessage,
  type HubMessage,
  PROTOCOL_VERSION,
} from '#protocol/messages/control.ts';
import type { Tap } from '#protocol/models/package.ts';
import type { SignedVerdict, Verdict } from '#protocol/records/records.ts';
import { sampleVerdict } from '#protocol/records/sample-verdict.ts';
import type { Address, Funding } from '#protocol/settlement/money-api.ts';
import type { TensorSpec } from '#protocol/tensors/tensor.ts';
import type {
  DeveloperId,
  Digest,
  JobId,
  LeaseId,
  Nonce,
  PublicKey,
  Root,
  Signature,
} from '#protocol/values/ids.ts';
import { accept, type Refusal } from '#protocol/values/refusal.ts';
import { bytes, instant, type Lamports, lamports, millis } from '#protocol/values/units.ts';
import type { HubConfig } from './hub.ts';
import { type HubSurroundings, newest, openHubBench } from './hub-bench.ts';
import type { HubEffect, HubEvent, RecutInputs } from './state/events.ts';
import type { Fact } from './state/facts.ts';

export const HUB = 'aa'.repeat(32) as PublicKey;
export const VERIFIER = 'bb'.repeat(32) as PublicKey;
export const PHONE = 'cc'.repeat(32) as PublicKey;
export const TABLET = 'dd'.repeat(32) as PublicKey;
export const JOB = `job_${'1'.repeat(16)}` as JobId;
export const SIGNED = 'ee'.repeat(64) as Signature;
const SPEC: TensorSpec = { name: 'x', dtype: 'f32', shape: [1, 1] };
export const UNIT_BYTES = 4;

/** A hub whose every signature holds unless it is all zeros, with a disk that can be full. */
function openWorld({ verifiers = [VERIFIER], ...options }: BenchOptions) {
  /** What the hub did, for tests to look at. */
  const notes = {
    facts: verifiers.map((key): Fact => ({ type: 'verifier-enrolled', key, at: instant(0) })),
    sent: new Map<number, HubMessage[]>(),
    closed: new Set<number>(),
    replies: [] as Extract<HubEffect, { type: 'reply' }>[],
    recuts: [] as Extract<HubEffect, { type: 'recut' }>[],
  };
  const world = {
    ...{ now: 1_000_000, drawn: 0, kept: 0, diskFull: false, readsHeld: false },
    blobsRefused: undefined as Refusal | undefined,
  };
  const unwritten: (() => void)[] = [];
  const unread: (() => void)[] = [];
  /** The disk writes what it was given, in order, while it has room. */
  const writeAll = (): void => {
    while (!world.diskFull && unwritten.length > 0) unwritten.shift()?.();
  };
  const surroundings: HubSurroundings = {
    config: {
      hub: HUB,
      checks: { type: 'flat', rate: 0.05 },
      needsVerifier: false,
      barMs: millis(3_600_000),
      ...options,
    },
    facts: notes.facts,
    copy: (value) => value,
    now: () => instant(world.now),
    keys: {
      random: () => digest(countBytes(world.drawn++)) as string as Nonce,
      sign: () => SIGNED,
      verify: ({ signature }) => signature === SIGNED,
    },
    write(done) {
      unwritten.push(done);
      writeAll();
    },
    read(done) {
      if (world.readsHeld) unread.push(done);
      else done();
    },
    keep() {
      if (world.blobsRefused !== undefined) return { ok: false, refusal: world.blobsRefused };
      const root = `${world.kept++}`.padStart(64, '0') as Root;
      return accept({ root, length: bytes(UNIT_BYTES) });
    },
    mend({ unit, failed }) {
      const root = digest(Uint8Array.of(unit, ...failed));
      const blob = { root: root as string as Root, length: bytes(UNIT_BYTES) };
      return { blob, digest: root };
    },
    send: (to, message) => notes.sent.set(to, [...(notes.sent.get(to) ?? []), message]),
    close: (socket) => notes.closed.add(socket),
    reply: (effect) => notes.replies.push(effect),
    recut: (effect) => notes.recuts.push(effect),
  };
  /** The disk takes no more writes, or those that wait and all others. */
  const holdDisk = (held: boolean): void => {
    world.diskFull = held;
    writeAll();
  };
  /** The disk gives nothing that is asked for, or all of it. */
  const holdReads = (held: boolean): void => {
    world.readsHeld = held;
    while (!held && unread.length > 0) unread.shift()?.();
  };
  return { notes, world, surroundings, holdDisk, holdReads };
}

/** Two bytes, and four past what two can say. */
const countBytes = (count: number): Uint8Array =>
  Uint8Array.from([24, 16, 8, 0].slice(count < 2 ** 16 ? 2 : 0), (shift) => count >>> shift);

/** A verifier sends a verdict. */
export const speak = (bench: Bench, socket: number, signed: SignedVerdict): void =>
  bench.say(socket, { type: 'verdict', signed });

export type BenchOptions = Partial<HubConfig> & { verifiers?: readonly PublicKey[] };

export function openBench(options: BenchOptions = {}) {
  const { notes, world, surroundings, holdDisk, holdReads } = openWorld(options);
  let bench = openHubBench(surroundings);
  const post = (event: HubEvent): void => bench.post(event);
  const say = (socket: number, message: ClientMessage): void =>
    post({ type: 'received', socket, message });
  const last = <T extends HubMessage['type']>(socket: number, type: T) =>
    newest(notes.sent.get(socket) ?? [], type);
  return {
    ...notes,
    post,
    say,
    last,
    hub: () => bench.hub,
    clock: () => world.now,
    job: () => bench.view(JOB),
    /** A contributor may say what it is capable of. */
    join(socket: number, key: PublicKey, as: 'contributor' | 'verifier' | Capabilities): void {
      post({ type: 'connected', socket });
      const nonce = last(socket, 'challenge')?.nonce ?? ('00'.repeat(32) as Nonce);
      const [role, more] =
        typeof as === 'string' ? [as, {}] : (['contributor', { capabilities: as }] as const);
      const claim = { version: PROTOCOL_VERSION, role, key, hub: HUB, nonce };
      say(socket, { type: 'hello', claim, signature: SIGNED, ...more });
    },
    admit(socket: number, unitMs: number, threads = 1): void {
      const offer = last(socket, 'admit');
      if (offer === undefined) throw new Error('no admission was offered');
      const fit = { provider: 'wasm' as const, dtype: 'f32' as const, threads, trials: [] };
      say(socket, { type: 'admitted', package: offer.id, ...fit, unitMs: millis(unitMs) });
    },
    /** The edge has cut what it was last asked to. */
    cut: (cut: RecutInputs) => post({ type: 'recut', token: notes.recuts.at(-1)?.token ?? 0, cut }),
    wait(ms: number) {
      world.now += ms;
      post({ type: 'tick' });
    },
    /** The disk is slow: what is written is on its way until it is let go. */
    holdDisk,
    /** The disk is slow to read. */
    holdReads,
    /** No blob can be kept, though facts can, or each can again. */
    refuseBlobs(refusal: Refusal | undefined): void {
      world.blobsRefused = refusal;
    },
    /** The disk is full, or has room again, and the hub is told. */
    fillDisk(full: boolean): void {
      const trouble = { code: 'disk-full' as const, message: 'the disk is full; free some' };
      if (full) holdDisk(true);
      post({ type: 'disk', trouble: full ? trouble : undefined });
      if (!full) holdDisk(false);
    },
    restart() {
      bench.kill();
      bench = openHubBench(surroundings);
      notes.sent.clear();
      post({ type: 'tick' });
    },
  };
}
export type Bench = ReturnType<typeof openBench>;

/** Fields of a record that are there as they are given. */
type PostedMore = Partial<
  Pick<JobRecord, 'open' | 'dryRun' | 'setup' | 'priceMax' | 'model' | 'devices' | 'deadline'>
>;

export function postJob(
  bench: Bench,
  units: number,
  {
    id = JOB,
    assurance = 'instant',
    autoStart = false,
    taps = [],
    unitItems = 1,
    unitPrice = lamports(5n),
    file = 'f',
    fileBytes = 10,
    sized,
    ...more
  }: PostedMore & {
    id?: JobId;
    /** A digit that names the model. */
    file?: string;
    fileBytes?: number;
    sized?: 'fixed';
    assurance?: Assurance;
    autoStart?: boolean;
    taps?: readonly Tap[];
    unitItems?: number;
    unitPrice?: Lamports;
  } = {},
): void {
  const record: JobRecord = {
    id,
    name: 'numbers',
    developer: 'dev_00000000000000ab' as DeveloperId,
    createdAt: instant(0),
    draft: {
      name: 'numbers',
      file: { root: file.repeat(64) as Root, length: bytes(fileBytes) },
      runtime: {
        kind: 'graph',
        inputs: [{ ...SPEC, shape: [unitItems, ...SPEC.shape.slice(1)] }],
        unitItems,
        graphOptimization: 'all',
        ...(sized === undefined ? {} : { sized }),
        ...(taps.length > 0 ? { taps: taps.map(({ name }) => name) } : {}),
      },
    },
    inputs: { root: '9'.repeat(64) as Root, length: bytes(units * unitItems * UNIT_BYTES) },
    inputDigests: { root: '8'.repeat(64) as Root, length: bytes(units * DIGEST_BYTES) },
    items: units * unitItems,
    units,
    unitPrice,
    assurance,
    autoStart,
    ...more,
  };
  const inputDigests = new Uint8Array(units * DIGEST_BYTES);
  bench.post({ type: 'command', request: 1, command: { type: 'create', record, inputDigests } });
}

/** What a poster has deposited for the job: enough for any of these tests. */
export const FUNDING: Funding = {
  escrow: 'E'.repeat(43) as Address,
  escrowIndex: 3,
  poster: 'P'.repeat(43) as Address,
  amount: lamports(10n ** 9n),
  at: instant(7),
};

export function fundJob(bench: Bench, amount = FUNDING.amount) {
  const command = { type: 'fund', job: JOB, funding: { ...FUNDING, amount } } as const;
  bench.post({ type: 'command', request: 3, command });
  return bench.replies.at(-1)?.result;
}

/** Posts a job, has the verifier on socket 1 prepare it, and starts it. */
export function startJob(bench: Bench, units: number, assurance: Assurance = 'instant'): void {
  quoteJob(bench, units, { assurance });
  beginJob(bench);
}

/** Funds a job that is quoted and has a price, and starts it. */
export function beginJob(bench: Bench): void {
  if (bench.job()?.unitPrice !== '0') fundJob(bench);
  bench.post({ type: 'command', request: 2, command: { type: 'start', job: JOB } });
}

interface Quoting extends PostedMore {
  id?: JobId;
  fileBytes?: number;
  unitMs?: number;
  /** The model runs with units of one item as well. */
  runsAlone?: true;
  unitItems?: number;
  autoStart?: boolean;
  assurance?: Assurance;
  unitPrice?: Lamports;
  decoys?: DecoyFindings;
  /** Those of the draft, and those the verifier says it found. */
  taps?: readonly Tap[];
  prepared?: readonly Tap[];
}

/** Posts a job and has the verifier on socket 1 prepare it. */
export function quoteJob(bench: Bench, units: number, options: Quoting = {}): void {
  bench.join(1, VERIFIER, 'verifier');
  const { decoys: _, prepared: __, unitMs: ___, runsAlone: ____, ...posted } = options;
  postJob(bench, units, posted);
  prepareJob(bench, options);
}

/** The verifier on socket 1 has run the model of the job. */
export function prepareJob(bench: Bench, options: Quoting = {}): void {
  const { id = JOB, unitMs = 100, unitItems = 1 } = options;
  const { decoys = NO_DECOYS, taps = [], prepared = taps } = options;
  bench.post({
    type: 'framed',
    socket: 1,
    head: {
      type: 'prepared',
      job: id,
      outputs: [{ ...SPEC, name: 'y', shape: [unitItems, 1] }],
      units: [0],
      unitMs: millis(unitMs),
      ...(options.runsAlone === undefined ? {} : { runsAlone: options.runsAlone }),
      peakBytes: bytes(1_000),
      ...(prepared.length > 0 ? { taps: [...prepared] } : {}),
      decoys,
    },
    payload: new Uint8Array(unitItems * UNIT_BYTES),
  });
}

export function joinWorker(
  bench: Bench,
  socket: number,
  worker: { key: PublicKey; unitMs: number },
): void {
  bench.join(socket, worker.key, 'contributor');
  bench.say(socket, { type: 'request' });
  bench.admit(socket, worker.unitMs);
}

export const SALT = '77'.repeat(32) as Nonce;

/** Commits and, once logged, reveals the newest lease with outputs of zeros, an item a unit. */
export function deliver(bench: Bench, socket: number, key: PublicKey): void {
  const lease = bench.last(socket, 'lease')?.lease;
  if (lease === undefined) throw new Error('no lease to deliver');
  commit(bench, socket, { key, id: lease.id, units: lease.unitCount });
  reveal(bench, socket, { id: lease.id, units: lease.unitCount });
}

export function commit(
  bench: Bench,
  socket: number,
  on: { key: PublicKey; id: LeaseId; units: number; fill?: number },
): Digest {
  const unit = sha256(new Uint8Array(UNIT_BYTES).fill(on.fill ?? 0));
  const digests = new Uint8Array(on.units * DIGEST_BYTES).map(
    (_, at) => unit[at % DIGEST_BYTES] ?? 0,
  );
  const commitment = digestCommitment({ lease: on.id, device: on.key, salt: SALT, digests });
  bench.say(socket, { type: 'commit', lease: on.id, commitment, signature: SIGNED });
  return commitment;
}

export function reveal(
  bench: Bench,
  socket: number,
  on: { id: LeaseId; units: number; fill?: number; unitMs?: number },
): void {
  bench.post({
    type: 'framed',
    socket,
    head: {
      type: 'reveal',
      reveal: { lease: on.id, salt: SALT, computeMs: millis(on.units * (on.unitMs ?? 100)) },
    },
    payload: new Uint8Array(on.units * UNIT_BYTES).fill(on.fill ?? 0),
  });
}

/** What a verifier says of the first unit of the shard that was last sent for checking. */
export function verdictOn(bench: Bench, kind: Verdict['kind'], verifier = VERIFIER): SignedVerdict {
  const first = bench.last(1, 'check')?.shard;
  if (first === undefined) throw new Error('nothing was sent for checking');
  const claimed = digest(new Uint8Array(UNIT_BYTES));
  const verdict = sampleVerdict(
    { verifier, shard: first, unit: first.firstUnit, claimed },
    {
      kind,
      reference: kind === 'match' ? claimed : ('02'.repeat(32) as Digest),
      runs: kind === 'mismatch' ? 2 : 1,
    },
  );
  return { verdict, signature: SIGNED };
}
