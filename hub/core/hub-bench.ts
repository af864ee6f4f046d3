import type { JobView } from '#protocol/api/job.ts';
import { canonicalJson } from '#protocol/bytes/canonical-json.ts';
import { sha256 } from '#protocol/bytes/digest.ts';
import type { Signed } from '#protocol/bytes/signature.ts';
import type { HubMessage } from '#protocol/messages/control.ts';
import type { BlobRef } from '#protocol/models/package.ts';
import type {
  BanView,
  ClosingView,
  EarningShardView,
  EndedJobView,
} from '#protocol/settlement/money-api.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import { accept, must, type Result } from '#protocol/values/refusal.ts';
import { type Instant, millis } from '#protocol/values/units.ts';
import {
  beginHub,
  type DurableState,
  type Hub,
  type HubConfig,
  recallJob,
  signedIn,
  stepHub,
  viewJob,
  viewShard,
} from './hub.ts';
import type { BlobRange, HubEffect, HubEvent, SocketId, World } from './state/events.ts';
import {
  appliedFacts,
  archivedFacts,
  archivedRecord,
  liveShards,
  selectFacts,
} from './state/fact-lists.ts';
import type { Fact, MendedUnit, UnitCut } from './state/facts.ts';

/** What surrounds the core of a hub in tests and simulations. */
export interface HubSurroundings {
  config: Partial<HubConfig> & { hub: PublicKey };
  /** The facts on its disk: it starts with copies of these, and adds copies to them. */
  facts: Fact[];
  /** It starts with a copy of this and the facts that came later, where there is one. */
  snapshot?: DurableState | undefined;
  copy<T>(value: T): T;
  now(): Instant;
  keys: Pick<World, 'random' | 'sign' | 'verify'>;
  /** Calls `done` when a write is on disk, in the order of the calls. */
  write(done: () => void): void;
  /** Calls `done` when the disk can be read; at once unless said otherwise. */
  read?(done: () => void): void;
  /** Makes a blob of these bytes, or of a part of another blob, or says why it cannot. */
  keep(blob: Uint8Array | BlobRange): Result<BlobRef>;
  send(socket: SocketId, message: HubMessage): void;
  close(socket: SocketId): void;
  reply?(effect: Extract<HubEffect, { type: 'reply' }>): void;
  recut?(effect: Extract<HubEffect, { type: 'recut' }>): void;
  /** Puts good items in the place of failed ones. */
  mend(cut: UnitCut): MendedUnit;
}

/** One run of a hub's process. */
export interface HubBench {
  readonly hub: Hub;
  readonly isDead: boolean;
  post(event: HubEvent): void;
  /** A job as it is shown, in memory or archived. */
  view(job: JobId): JobView | undefined;
  /** `kill -9`: hears nothing and writes nothing from now on. */
  kill(): void;
}

/** The newest message of a type. */
export const newest = <T extends HubMessage['type']>(messages: readonly HubMessage[], type: T) =>
  messages.findLast((each): each is Extract<HubMessage, { type: T }> => each.type === type);

const CONFIG: Omit<HubConfig, 'hub'> = {
  checks: { type: 'flat', rate: 1 },
  beatMs: millis(20_000),
  iceServers: [],
  needsVerifier: true,
  barMs: millis(86_400_000),
};

/** A hub as a restart gives it. */
export function reopenHub(
  { facts, snapshot, copy }: Pick<HubSurroundings, 'facts' | 'snapshot' | 'copy'>,
  config: HubConfig,
): Hub {
  const opening = beginHub(config, snapshot && copy(snapshot));
  const later = facts.slice(snapshot?.factNumber ?? 0);
  for (const fact of copy(appliedFacts(later))) opening.apply(fact);
  return opening.finish(facts.length);
}

/** The core of a hub on the facts of its disk: events go in one at a time, as in the real loop. */
export function openHubBench(around: HubSurroundings): HubBench {
  const hub = reopenHub(around, { ...CONFIG, ...around.config });
  const queue: HubEvent[] = [];
  let isBusy = false;
  let isDead = false;
  const bench: HubBench = {
    hub,
    get isDead() {
      return isDead;
    },
    post(event) {
      if (isDead) return;
      queue.push(event);
      if (isBusy) return;
      isBusy = true;
      try {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          const verify = verifyNamed(around.keys, signedIn(hub, next));
          const world = { ...around.keys, verify, now: around.now(), sha256 };
          for (const effect of stepHub(hub, next, world)) {
            if (effect.type === 'schedule') queue.push({ type: 'schedule' });
            else perform(around, effect, { later, read });
          }
        }
      } finally {
        isBusy = false;
      }
    },
    view(id) {
      const job = hub.jobs.get(id) ?? recallJob(hub, archivedFacts(around.facts, id));
      return job && viewJob(hub, job);
    },
    kill() {
      isDead = true;
    },
  };
  const answer = (event: () => HubEvent) => () => {
    if (!isDead) bench.post(event());
  };
  const later = (event: () => HubEvent): void => around.write(answer(event));
  const read = (event: () => HubEvent): void => {
    const done = answer(event);
    if (around.read === undefined) done();
    else around.read(done);
  };
  return bench;
}

/** Answers what the core asks, and throws where `signedIn` had to name it and did not. */
const verifyNamed =
  ({ verify }: Pick<World, 'verify'>, named: Signed | undefined): World['verify'] =>
  (signed) => {
    const isNamed = signed.context === 'commitment' || signed.context === 'verdict';
    if (isNamed && canonicalJson(signed) !== canonicalJson(named ?? null)) {
      throw new Error(`signedIn did not name this ${signed.context}`);
    }
    return verify(signed);
  };

/** When the event that follows an effect is posted: once something is on disk, or is read. */
type Later = (event: () => HubEvent) => void;

/** Performs an effect. */
function perform(
  around: HubSurroundings,
  effect: HubEffect,
  { later, read }: { later: Later; read: Later },
): void {
  switch (effect.type) {
    case 'send':
      return around.send(effect.socket, effect.message);
    case 'close':
      return around.close(effect.socket);
    case 'store': {
      const { token, facts } = effect;
      return later(() => {
        around.facts.push(...around.copy(facts));
        return { type: 'stored', token };
      });
    }
    case 'keep': {
      const { token } = effect;
      const kept = effect.blobs.map(around.keep);
      const failed = kept.find((one) => !one.ok);
      if (failed?.ok === false) {
        return later(() => ({ type: 'keep-failed', token, refusal: failed.refusal }));
      }
      return later(() => ({ type: 'kept', token, refs: kept.map(must) }));
    }
    case 'mend': {
      const mended = around.mend(effect.cut);
      return later(() => ({ type: 'mended', token: effect.token, mended }));
    }
    case 'load':
      return read(() => {
        const record = around.copy(archivedRecord(around.facts, effect.device));
        return { type: 'loaded', device: effect.device, found: accept(record) };
      });
    case 'reply':
      return around.reply?.(effect);
    case 'recut':
      return around.recut?.(effect);
    case 'changed':
      return;
    case 'look-late':
      // A tick looks as well.
      return;
  }
}

/** What a store tells of money of archived jobs: see `Store.endedJobs` and `Store.earningsOf`. */
export function archivedEarnings(facts: readonly Fact[]): {
  jobs: EndedJobView[];
  shards: EarningShardView[];
} {
  const of = selectFacts(facts);
  const earned = of('job-archived').flatMap((fact) => fact.earned ?? []);
  const shards = earned.flatMap(({ view, runs }) =>
    liveShards(of, view.id).flatMap(({ shard }) => {
      const end = shard.firstUnit + shard.unitCount;
      return runs.some((run) => run.first <= shard.firstUnit && end <= run.end) ? [shard] : [];
    }),
  );
  return { jobs: earned.map(({ view }) => view), shards: shards.map(viewShard) };
}

/** What a store tells of bans, payouts and closings: see `Store.bans` and those beside it. */
export function publicMoney(facts: readonly Fact[]) {
  const of = selectFacts(facts);
  const pardons = of('pardoned');
  return {
    payouts: of('payout-linked')
      .map(({ payout }) => payout)
      .sort((one, other) => one.index - other.index),
    bans: of('banned').map(({ device, at }, before): BanView => {
      const pardon = pardons.find((each) => each.device === device && each.bannedAt === at);
      const pardoned = pardon && { pardonedAt: pardon.at, pardonReason: pardon.reason };
      return { number: before + 1, device, at, ...pardoned };
    }),
    closings: of('job-closing').map(({ job, at }, before): ClosingView => {
      return { number: before + 1, job, at };
    }),
  };
}
