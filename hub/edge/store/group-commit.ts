import { PocketgridError, type Refusal, refusal } from '#protocol/refusal.ts';
import type { Fact } from '../../core/events.ts';
import type { Store } from './port.ts';

/** Bounds of the queue and of one transaction. One submission may exceed a transaction's alone. */
const QUEUE_FACTS_MAX = 65_536;
const QUEUE_BYTES_MAX = 256 * 1024 * 1024;
const GROUP_FACTS_MAX = 4096;
const GROUP_BYTES_MAX = 16 * 1024 * 1024;
/** What a fact weighs beside the bytes it carries; about one row of JSON. */
const FACT_BYTES = 1024;

/** Makes many small appends share one sync of the disk, keeping their order. */
export interface GroupCommit {
  /**
   * Resolves once the facts are on disk. Rejects with a `PocketgridError`: `disk-full` or
   * `storage-failed` when the group failed (nothing of it was kept), `busy` when the queue is full,
   * `hub-stopping` after `close`.
   */
  submit(facts: readonly Fact[]): Promise<void>;
  /** Commits what waits, then takes no more. The store stays open. */
  close(): Promise<void>;
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
  bounds: { queueFacts?: number; queueBytes?: number } = {},
): GroupCommit {
  const queue: Waiter[] = [];
  let queuedFacts = 0;
  let queuedBytes = 0;
  let closing = false;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (queue.length > 0) {
      // The turn of the event loop in between lets every message that has arrived join this group.
      await new Promise<void>((resolve) => setImmediate(resolve));
      const group = takeGroup(queue);
      for (const waiter of group) {
        queuedFacts -= waiter.facts.length;
        queuedBytes -= waiter.weight;
      }
      await commitGroup(store, group);
    }
    running = undefined;
  }

  return {
    submit(facts) {
      if (facts.length === 0) return Promise.resolve();
      if (closing) {
        return reject(
          'hub-stopping',
          'the hub is stopping and stores no more; retry after restart',
        );
      }
      const weight = facts.reduce((sum, fact) => sum + weighFact(fact), 0);
      const factsMax = bounds.queueFacts ?? QUEUE_FACTS_MAX;
      const bytesMax = bounds.queueBytes ?? QUEUE_BYTES_MAX;
      if (queuedFacts + facts.length > factsMax || queuedBytes + weight > bytesMax) {
        return reject(
          'busy',
          'the disk is behind by a full queue; send the same again in a second',
        );
      }
      queuedFacts += facts.length;
      queuedBytes += weight;
      return new Promise<void>((resolve, rejectWaiter) => {
        queue.push({ facts, weight, resolve, reject: rejectWaiter });
        running ??= run();
      });
    },
    async close() {
      closing = true;
      await running;
    },
  };
}

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

async function commitGroup(store: Pick<Store, 'append'>, group: readonly Waiter[]): Promise<void> {
  try {
    await store.append(group.flatMap((waiter) => waiter.facts));
  } catch (error) {
    const reason = new PocketgridError(explain(error), { cause: error });
    for (const waiter of group) waiter.reject(reason);
    return;
  }
  for (const waiter of group) waiter.resolve();
}

function explain(error: unknown): Refusal {
  if (error instanceof PocketgridError && error.refusal.code === 'disk-full') return error.refusal;
  const why = error instanceof Error ? error.message : String(error);
  return refusal('storage-failed', `nothing of this group was stored, send it again: ${why}`);
}

function weighFact(fact: Fact): number {
  if (fact.type === 'accepted') return FACT_BYTES + fact.outputs.length;
  if (fact.type === 'job-created') return FACT_BYTES + fact.inputDigests.length;
  return FACT_BYTES;
}

const reject = (...reason: Parameters<typeof refusal>): Promise<never> =>
  Promise.reject(new PocketgridError(refusal(...reason)));
