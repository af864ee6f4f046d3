import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ControlLink } from '#client/control-link.ts';
import type { HubPin } from '#node/hub-pin.ts';
import type { KeyFile } from '#node/key-file.ts';
import { verify } from '#node/verify.ts';
import type { Nonce, PublicKey } from '#protocol/values/ids.ts';
import { PocketgridError } from '#protocol/values/refusal.ts';
import { instant } from '#protocol/values/units.ts';
import type { Verify } from '../core/audit/evidence.ts';
import type { VerifierConfig, VerifierEffect, VerifierEvent, World } from '../core/state/events.ts';
import { openVerifier, stepVerifier, type Verifier } from '../core/verifier.ts';
import { readLines } from './audit-evidence.ts';
import { openBlobs } from './blobs.ts';
import { type BookFile, openBookFile } from './book-file.ts';
import { openComputeWorkers } from './compute-workers.ts';
import { openVerifierLink } from './control-link.ts';
import { type Cost, countExecution, countShown, openCost } from './cost.ts';
import { type HubHttp, openHubHttp } from './http.ts';
import { type Lane, openLane } from './lane.ts';
import { recallLines } from './recall.ts';
import { openSpareWorker } from './spare-worker.ts';
import { openTally, type Tally, tallyLine } from './tally.ts';

const TICK_MS = 100;
const STOP_DEADLINE_MS = 5_000;

export interface LoopOptions {
  hub: URL;
  /** The SHA-256 of the hub's certificate, where nobody signed it. */
  pin: string | undefined;
  /** By which key the hub is known. */
  hubPin: HubPin;
  /** Holds one folder per hub, and the blobs. */
  folder: string;
  blobBytesMax: number;
  identity: KeyFile;
  config: VerifierConfig;
  say(level: 'info' | 'warning' | 'catch', text: string): void;
  /** The data folder cannot be used: nothing else can be done. */
  fail(error: unknown): void;
}

/** The verifier's core, with its effects performed. */
export interface Loop {
  state(): Verifier;
  tally(): Tally;
  cost(): Cost;
  logFile(): string | undefined;
  /** Calls to the hub, with the ticket of the session at hand. */
  http: HubHttp;
  /** Says goodbye, writes what is pending, ends every worker; forced after five seconds. */
  close(): Promise<void>;
}

/** What one verifier process holds. */
interface Parts {
  options: LoopOptions;
  state: Verifier;
  links: Map<number, ControlLink>;
  http: HubHttp;
  lane: Lane;
  verify: Verify;
  book: BookFile | undefined;
  tally: Tally;
  cost: Cost;
  /** Waiting for the step at hand to end. */
  events: VerifierEvent[];
  stepping: boolean;
  stopped(): void;
}

/** Joins the verifier's core to the world: one event at a time, effects in order. */
export async function openLoop(options: LoopOptions): Promise<Loop> {
  const http = openHubHttp(options.hub, options);
  const blobs = await openBlobs(join(options.folder, 'blobs'), http.client, options.blobBytesMax);
  const workers = openComputeWorkers();
  const spare = openSpareWorker();
  const parts: Parts = {
    options,
    state: openVerifier(options.config),
    links: new Map(),
    http,
    lane: openLane({ blobs, workers, spare, client: http.client }),
    verify,
    book: undefined,
    tally: openTally(),
    cost: openCost(),
    events: [],
    stepping: false,
    stopped: () => undefined,
  };
  const timer = setInterval(() => {
    post(parts, { type: 'tick' });
    for (const link of parts.links.keys()) if (isOver(parts.state, link)) parts.links.delete(link);
  }, TICK_MS);
  post(parts, { type: 'tick' });
  return {
    state: () => parts.state,
    tally: () => parts.tally,
    cost: () => parts.cost,
    logFile: () => parts.book?.logFile,
    http,
    close: async () => {
      await stop(parts);
      clearInterval(timer);
      await workers.close();
      await spare.close();
      await parts.book?.close();
    },
  };
}

function stop(parts: Parts): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, STOP_DEADLINE_MS);
    parts.stopped = () => {
      clearTimeout(timer);
      resolve();
    };
    post(parts, { type: 'stopping' });
  });
}

/** Steps the core, and does what it decides. An event that comes of that waits its turn. */
function post(parts: Parts, event: VerifierEvent): void {
  countShown(parts.cost, event);
  parts.events.push(event);
  if (parts.stepping) return;
  parts.stepping = true;
  try {
    for (let next = parts.events.shift(); next !== undefined; next = parts.events.shift()) {
      const world: World = {
        now: instant(Date.now()),
        random: () => randomBytes(32).toString('hex') as Nonce,
        sign: parts.options.identity.sign,
        verify: parts.verify,
      };
      for (const effect of stepVerifier(parts.state, next, world)) perform(parts, effect);
    }
  } finally {
    parts.stepping = false;
  }
}

function perform(parts: Parts, effect: VerifierEffect): void {
  const { links, options } = parts;
  switch (effect.type) {
    case 'connect': {
      const { hub, pin, hubPin, identity } = options;
      const told = (event: VerifierEvent) => post(parts, event);
      const place = { hub, pin, hubPin, key: identity.key };
      links.set(effect.link, openVerifierLink(effect.link, place, told));
      return;
    }
    case 'disconnect':
      links.get(effect.link)?.close();
      links.delete(effect.link);
      return;
    case 'send':
      return links.get(effect.link)?.send(effect.message);
    case 'send-frame':
      return links.get(effect.link)?.sendFrame(effect.head, effect.payload);
    case 'ticket':
      parts.http.setTicket(effect.ticket);
      return;
    case 'bind':
      bind(parts, effect.hub).catch(options.fail);
      return;
    case 'recall':
      recall(parts, effect.link).catch(options.fail);
      return;
    case 'persist':
      persist(parts, effect).catch(options.fail);
      return;
    case 'execute':
    case 'claim':
    case 'fingerprint':
    case 'prepare':
    case 'examine':
      runTask(parts, effect).then((event) => post(parts, event), options.fail);
      return;
    case 'say':
      options.say(effect.level, effect.text);
      return;
    case 'stopped':
      parts.stopped();
  }
}

type Task = Extract<
  VerifierEffect,
  { type: 'execute' | 'claim' | 'fingerprint' | 'prepare' | 'examine' }
>;

async function runTask({ lane, cost }: Parts, effect: Task): Promise<VerifierEvent> {
  const { task } = effect;
  switch (effect.type) {
    case 'execute':
      return {
        type: 'executed',
        task,
        result: await countExecution(cost, () => lane.execute(effect)),
      };
    case 'claim':
      return { type: 'claimed', task, result: await lane.claim(effect) };
    case 'fingerprint':
      return { type: 'fingerprinted', task, result: await lane.fingerprint(effect) };
    case 'examine':
      return { type: 'examined', task, result: await lane.examine(effect) };
    case 'prepare':
      return { type: 'prepared', task, result: await lane.prepare(effect) };
  }
}

/** Opens the folder of the hub that answered; a hub with another key has another folder. */
async function bind(parts: Parts, hub: PublicKey): Promise<void> {
  const tally = openTally();
  await parts.book?.close();
  const folder = join(parts.options.folder, hub.slice(0, 16));
  const book = await openBookFile(folder, hub, (line) => tallyLine(tally, line));
  parts.book = book;
  parts.tally = tally;
  post(parts, { type: 'bound', saved: book.saved });
}

/** The lines at hand are those of the log file: the hub knows less of what is being written. */
async function recall(parts: Parts, link: number): Promise<void> {
  const { book, http, options } = parts;
  const known = book === undefined ? [] : await readLines(book.logFile);
  const result = await recallLines(http.client, { key: options.config.key, known });
  post(parts, { type: 'recalled', link, result });
}

async function persist(
  parts: Parts,
  effect: Extract<VerifierEffect, { type: 'persist' }>,
): Promise<void> {
  const { token } = effect;
  const refused = await parts.book?.write(effect);
  if (refused === undefined) post(parts, { type: 'persisted', token });
  else post(parts, { type: 'persist-failed', token, refusal: refused });
}

/** A link that ended by itself is not told to disconnect; it is forgotten here. */
const isOver = ({ phase }: Verifier, link: number): boolean =>
  !('link' in phase) || phase.link !== link;

/** The sentence of a failure, for the person who watches. */
export const sentenceOf = (error: unknown): string => {
  if (error instanceof PocketgridError) return error.refusal.message;
  return error instanceof Error ? error.message : String(error);
};
