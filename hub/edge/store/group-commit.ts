import { PocketgridError, type Refusal, refusal } from '#protocol/values/refusal.ts';
import type { Fact } from '../../core/state/facts.ts';
import type { Store } from './port.ts';

/**
 * Past half of these bounds the disk is said to be behind; a submission itself is never refused.
 */
const QUEUE_FACTS_MAX = 65_536;
const QUEUE_BYTES_MAX = 256 * 1024 * 1024;
const GROUP_FACTS_MAX = 4096;
const GROUP_BYTES_MAX = 16 * 1024 * 1024;
/** What a fact weighs beside the bytes it carries; about one row of JSON. */
const FACT_BYTES = 1024;
/** Between two tries of a group that failed. */
const RETRY_MS = { first: 100, most: 5_000 } as const;

/** Makes many small appends share one sync of the disk, keeping their order. */
export interface GroupCommit {
  /**
   * Resolves once the facts are on disk. A group that fails is tried again, before any later one,
   * until it is on disk. Rejects with a `PocketgridError` only when this is closed: `hub-stopping`,
   * or what the last try failed with.
   */
  submit(facts: readonly Fact[]): Promise<void>;
  /** Tries once more to commit what waits, then takes no more. The store stays open. */
  close(): Promise<void>;
}

export interface GroupCommitOptions {
  queueFacts?: number;
  queueBytes?: number;
  /**
   * Told when writes begin to fail or fall behind, with the reason, and when they are well again.
   */
  onDisk?(trouble: Refusal | undefined): void;
}

interface Waiter {
  facts: readonly Fact[];
  weight: number;
  resolve(): void;
  reject(error: PocketgridError): void;
}

/** Wraps a store, which only this object should append to from now on. */
export function openGroupCommit(
  store: Pick<Store, 'append'>,
  options: GroupCommitOptions = {},
): GroupCommit {
  const queue: Waiter[] = [];
  const disk = watchDisk(options);
  const patience = openPatience();
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (queue.length > 0) {
      // The turn of the event loop in between lets every message that has arrived join this group.
      await new Promise<void>((resolve) => setImmediate(resolve));
      const group = takeGroup(queue);
      await commitGroup(store, group, { disk, patience });
      disk.leave(group);
    }
    running = undefined;
  }

  return {
    submit(facts) {
      if (facts.length === 0) return Promise.resolve();
      if (patience.isOver) {
        const message = 'the hub is stopping and stores no more; retry after restart';
        return Promise.reject(new PocketgridError(refusal('hub-stopping', message)));
      }
      return new Promise<void>((resolve, reject) => {
        const weight = facts.reduce((sum, fact) => sum + weighFact(fact), 0);
        const waiter = { facts, weight, resolve, reject };
        queue.push(waiter);
        disk.enter(waiter);
        running ??= run();
      });
    },
    async close() {
      patience.end();
      await running;
    },
  };
}

/** Tries until the group is on disk, or until this is closed and the last try has failed. */
async function commitGroup(
  store: Pick<Store, 'append'>,
  group: readonly Waiter[],
  { disk, patience }: { disk: DiskWatch; patience: Patience },
): Promise<void> {
  for (let pauseMs: number = RETRY_MS.first; ; pauseMs = Math.min(pauseMs * 2, RETRY_MS.most)) {
    try {
      await store.append(group.flatMap((waiter) => waiter.facts));
      for (const waiter of group) waiter.resolve();
      return;
    } catch (error) {
      const reason = explain(error);
      if (patience.isOver) {
        const closed = new PocketgridError(reason, { cause: error });
        for (const waiter of group) waiter.reject(closed);
        return;
      }
      disk.fail(reason);
    }
    await patience.pause(pauseMs);
  }
}

/** Pauses that end early once it is over. */
interface Patience {
  readonly isOver: boolean;
  pause(ms: number): Promise<void>;
  end(): void;
}

function openPatience(): Patience {
  let isOver = false;
  let endPause: (() => void) | undefined;
  return {
    get isOver() {
      return isOver;
    },
    pause: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        endPause = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    end() {
      isOver = true;
      endPause?.();
    },
  };
}

/** Knows how the disk does, and tells of changes; the same trouble is told once. */
interface DiskWatch {
  enter(waiter: Waiter): void;
  /** These are written, or given up. */
  leave(group: readonly Waiter[]): void;
  fail(reason: Refusal): void;
}

function watchDisk({ queueFacts, queueBytes, onDisk }: GroupCommitOptions): DiskWatch {
  const factsMax = (queueFacts ?? QUEUE_FACTS_MAX) / 2;
  const bytesMax = (queueBytes ?? QUEUE_BYTES_MAX) / 2;
  const queued = { facts: 0, bytes: 0 };
  let trouble: Refusal | undefined;
  const isBehind = () => queued.facts > factsMax || queued.bytes > bytesMax;
  function tell(now: Refusal | undefined): void {
    if (now?.code === trouble?.code) return;
    trouble = now;
    onDisk?.(now);
  }
  return {
    enter({ facts, weight }) {
      queued.facts += facts.length;
      queued.bytes += weight;
      if (isBehind() && trouble === undefined) tell(BEHIND);
    },
    leave(group) {
      for (const { facts, weight } of group) {
        queued.facts -= facts.length;
        queued.bytes -= weight;
      }
      if (!isBehind()) tell(undefined);
    },
    fail: tell,
  };
}

const BEHIND = refusal('busy', 'the disk is behind; send the same again in a few seconds');

function takeGroup(queue: Waiter[]): Waiter[] {
  let facts = 0;
  let bytes = 0;
  const end = queue.findIndex((waiter, index) => {
    facts += waiter.facts.length;
    bytes += waiter.weight;
    return index > 0 && (facts > GROUP_FACTS_MAX || bytes > GROUP_BYTES_MAX);
  });
  return queue.splice(0, end === -1 ? queue.length : end);
}

function explain(error: unknown): Refusal {
  if (error instanceof PocketgridError && error.refusal.code === 'disk-full') return error.refusal;
  const why = error instanceof Error ? error.message : String(error);
  return refusal('storage-failed', `the hub cannot write to its disk: ${why}`);
}

function weighFact(fact: Fact): number {
  if (fact.type === 'accepted') return FACT_BYTES + fact.outputs.length;
  if ('inputDigests' in fact) return FACT_BYTES + fact.inputDigests.length;
  return FACT_BYTES;
}
