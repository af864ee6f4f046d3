import type { KeyView } from '#protocol/api/keys.ts';
import type { DeliveryView } from '#protocol/api/webhooks.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import { millis } from '#protocol/values/units.ts';
import type { NewDelivery } from '../../store/webhooks/events.ts';
import type { KeptWebhook } from '../../store/webhooks/hooks.ts';
import { readJob } from '../job-access.ts';
import type { ApiPorts, WebhookPort } from '../route.ts';
import { addressDeliveries, listOccurrences, makeDelivery } from './events.ts';
import { GONE, nextOf } from './retries.ts';
import { attemptDelivery } from './send.ts';
import { findTarget, type TargetRules } from './targets.ts';

const LOOK_MS = 1_000;
/** After a delivery the next ones are looked for so soon. */
const SOON_MS = 50;
const PRUNE_MS = 3_600_000;
/** Deliveries on their way at once: to one webhook, and to all. */
const RUNNING = { ofEach: 2, all: 32 };
/** Those that one look finds: some of them are on their way already. */
const DUE_MAX = 200;
/** Deliveries of one webhook that wait; what comes past them is dropped and counted. */
export const WAITING_MAX = 1_000;
/** Deliveries of one webhook that are kept for its holder to read. */
const KEPT_MAX = 1_000;

/** Sends what happens to whoever asked for it. */
export interface WebhookKeeper extends WebhookPort {
  /** What is on its way is given up, and sent again when the hub is back. */
  close(): Promise<void>;
}

type Ports = Pick<ApiPorts, 'hub' | 'log' | 'clock' | 'store'> & { rules: TargetRules };

interface Keeper extends Ports {
  /** Ids of deliveries on their way. */
  running: Map<string, Promise<void>>;
  closing: AbortController;
  /** When deliveries were pruned, and how many were made since. */
  pruned: { at: number; made: number };
  /** A delivery has ended: there is room for another. */
  ended(): void;
}

/** Opens the keeper of a hub's webhooks: what waited when it stopped is sent. */
export function openWebhookKeeper(ports: Ports): WebhookKeeper {
  let isSoon = false;
  const keeper: Keeper = {
    ...{ ...ports, running: new Map(), closing: new AbortController() },
    pruned: { at: Number.NEGATIVE_INFINITY, made: 0 },
    ended() {
      if (isSoon) return;
      isSoon = true;
      setTimeout(turn, SOON_MS).unref();
    },
  };
  let round: Promise<void> | undefined;
  const turn = () => {
    isSoon = false;
    if (round !== undefined || keeper.closing.signal.aborted) return;
    round = look(keeper)
      .catch((error: unknown) => {
        if (!keeper.closing.signal.aborted)
          ports.log.warn({ error: String(error) }, 'webhooks wait');
      })
      .finally(() => {
        round = undefined;
      });
  };
  const timer = setInterval(turn, LOOK_MS).unref();
  turn();
  return {
    wake: turn,
    async check(url) {
      must(await findTarget(new URL(url), ports.rules));
    },
    test: (webhook) => sendTest(keeper, webhook),
    async close() {
      keeper.closing.abort();
      clearInterval(timer);
      await round;
      await Promise.all(keeper.running.values());
    },
  };
}

async function look(keeper: Keeper): Promise<void> {
  const { webhooks } = keeper.store;
  const all = await webhooks.list();
  if (all.length === 0) return;
  await enqueueHappened(keeper, all);
  await sendDue(keeper);
  const { at, made } = keeper.pruned;
  if (performance.now() - at < PRUNE_MS && made < KEPT_MAX) return;
  keeper.pruned = { at: performance.now(), made: 0 };
  await webhooks.prune(KEPT_MAX);
}

async function enqueueHappened(keeper: Keeper, all: readonly KeptWebhook[]): Promise<void> {
  const { store } = keeper;
  const seen = await store.webhooks.happened();
  if (!seen.isUnsaid) return;
  const occurrences = await listOccurrences(seen, (job) => readJob(keeper, job));
  const holders = occurrences.length === 0 ? new Set<string>() : await listHolders(keeper);
  const good = all.filter(({ view }) => holders.has(view.owner));
  const { taken, dropped } = await bound(keeper, addressDeliveries(occurrences, good));
  await store.webhooks.enqueue(taken, seen);
  keeper.pruned.made += taken.length;
  for (const [id, count] of dropped) {
    const view = good.find((each) => each.view.id === id)?.view;
    if (view !== undefined) await store.webhooks.put({ ...view, dropped: view.dropped + count });
  }
}

/** Those that there is room for, and how many there is none for, by webhook. */
async function bound({ store }: Keeper, deliveries: readonly NewDelivery[]) {
  const [room, dropped] = [new Map<string, number>(), new Map<string, number>()];
  const taken: NewDelivery[] = [];
  for (const delivery of deliveries) {
    const { webhook } = delivery;
    const left = room.get(webhook) ?? WAITING_MAX - (await store.webhooks.waiting(webhook));
    room.set(webhook, left - 1);
    if (left > 0) taken.push(delivery);
    else dropped.set(webhook, (dropped.get(webhook) ?? 0) + 1);
  }
  return { taken, dropped };
}

/** Keys that hold. */
async function listHolders({ store, clock }: Keeper): Promise<Set<string>> {
  const keys = await store.keys.list();
  const isGood = ({ revokedAt, expiresAt }: KeyView) =>
    revokedAt === undefined && (expiresAt === undefined || expiresAt > clock());
  return new Set(keys.filter(isGood).map(({ id }) => id));
}

async function sendDue(keeper: Keeper): Promise<void> {
  const { running, store, clock } = keeper;
  const due = await store.webhooks.due(clock(), { ...RUNNING, all: DUE_MAX });
  const fresh = due.filter(({ delivery }) => !running.has(delivery.id));
  if (fresh.length === 0) return;
  const holders = await listHolders(keeper);
  for (const { delivery, webhook } of fresh) {
    if (running.size >= RUNNING.all || keeper.closing.signal.aborted) return;
    const isHeld = holders.has(webhook.view.owner);
    run(keeper, delivery.id, isHeld ? send(keeper, webhook, delivery) : giveUp(keeper, delivery));
  }
}

function run(keeper: Keeper, id: string, work: Promise<void>): void {
  const { running, log, closing } = keeper;
  const ended = work
    .catch((error: unknown) => {
      if (!closing.signal.aborted) log.warn({ error: String(error), id }, 'a delivery waits');
    })
    .finally(() => {
      running.delete(id);
      keeper.ended();
    });
  running.set(id, ended);
}

async function send(
  { store, rules, clock, closing: { signal } }: Keeper,
  { view, secret }: KeptWebhook,
  delivery: Pick<DeliveryView, 'id' | 'event' | 'body' | 'attempts'>,
): Promise<void> {
  const { id, body } = delivery;
  const outgoing = { url: view.url, secret, id, body };
  const how = await attemptDelivery(outgoing, rules, { stopping: signal });
  // It was cut off by the hub's own end.
  if (signal.aborted && how.status === undefined) return;
  const attempt = { at: clock(), ...how };
  await store.webhooks.attempted(id, attempt, nextOf(delivery, attempt));
  const kept = attempt.status === GONE ? await store.webhooks.find(view.id) : undefined;
  if (kept !== undefined) await store.webhooks.put({ ...kept.view, goneAt: attempt.at });
}

async function giveUp({ store, clock }: Keeper, { id }: DeliveryView): Promise<void> {
  const error = 'the key of this webhook was revoked, or has expired';
  await store.webhooks.attempted(id, { at: clock(), ms: millis(0), error }, { state: 'failed' });
}

async function sendTest(keeper: Keeper, webhook: KeptWebhook): Promise<DeliveryView> {
  const { webhooks } = keeper.store;
  if (keeper.running.size >= RUNNING.all || keeper.closing.signal.aborted) {
    throw fault('busy', 'too much is on its way to webhooks; try again in some seconds');
  }
  const data = { webhook: webhook.view.id };
  const made = makeDelivery(webhook.view.id, 'webhook.test', { at: keeper.clock(), data });
  const work = async () => {
    await webhooks.enqueue([made]);
    keeper.pruned.made += 1;
    await send(keeper, webhook, { ...made, attempts: [] });
  };
  const sending = work();
  run(keeper, made.id, sending);
  await sending;
  const delivery = await webhooks.delivery(made.id);
  if (delivery !== undefined) return delivery;
  throw fault('not-found', 'the webhook was removed meanwhile');
}
