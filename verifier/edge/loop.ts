import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Nonce, PublicKey } from '#protocol/ids.ts';
import { PocketgridError } from '#protocol/refusal.ts';
import { instant } from '#protocol/units.ts';
import type { VerifierConfig, VerifierEffect, VerifierEvent, World } from '../core/events.ts';
import { openVerifier, stepVerifier, type Verifier } from '../core/verifier.ts';
import { openBlobs } from './blobs.ts';
import { type BookFile, openBookFile } from './book-file.ts';
import { openComputeWorkers } from './compute-workers.ts';
import { type ControlLink, openControlLink } from './control-link.ts';
import { openHubHttp } from './http.ts';
import type { Identity } from './identity.ts';
import { openLane } from './lane.ts';
import { openTally, type Tally, tallyLine } from './tally.ts';

const TICK_MS = 100;
const STOP_DEADLINE_MS = 5_000;

export interface LoopOptions {
  hub: URL;
  insecure: boolean;
  /** Holds one folder per hub, and the blobs. */
  folder: string;
  blobBytesMax: number;
  identity: Identity;
  config: VerifierConfig;
  say(level: 'info' | 'warning' | 'catch', text: string): void;
  /** The data folder cannot be used: nothing else can be done. */
  fail(error: unknown): void;
}

export interface Loop {
  state(): Verifier;
  tally(): Tally;
  logFile(): string | undefined;
  /** Says goodbye, writes what is pending, ends every worker; forced after five seconds. */
  close(): Promise<void>;
}

/** Joins the verifier's core to the world: one event at a time, effects in order. */
export async function openLoop(options: LoopOptions): Promise<Loop> {
  const { hub, insecure, folder, identity, say } = options;
  const http = openHubHttp(hub, insecure);
  const blobs = await openBlobs(join(folder, 'blobs'), http, options.blobBytesMax);
  const workers = openComputeWorkers();
  const lane = openLane({ blobs, workers, http });
  const state = openVerifier(options.config);
  const links = new Map<number, ControlLink>();
  let book: BookFile | undefined;
  let tally = openTally();
  let stopped: (() => void) | undefined;
  const events: VerifierEvent[] = [];
  let stepping = false;

  const world = (): World => ({
    now: instant(Date.now()),
    random: () => randomBytes(32).toString('hex') as Nonce,
    sign: identity.sign,
  });
  const post = (event: VerifierEvent): void => {
    events.push(event);
    if (stepping) return;
    stepping = true;
    try {
      for (let next = events.shift(); next !== undefined; next = events.shift()) {
        for (const effect of stepVerifier(state, next, world())) perform(effect);
      }
    } finally {
      stepping = false;
    }
  };

  const bind = async (key: PublicKey): Promise<void> => {
    const fresh = openTally();
    await book?.close();
    const opened = await openBookFile(join(folder, key.slice(0, 16)), key, (line) =>
      tallyLine(fresh, line),
    );
    book = opened;
    tally = fresh;
    post({ type: 'bound', saved: opened.saved });
  };

  const persist = async (effect: Extract<VerifierEffect, { type: 'persist' }>): Promise<void> => {
    const { token } = effect;
    const refused = await book?.write(effect);
    if (refused === undefined) post({ type: 'persisted', token });
    else post({ type: 'persist-failed', token, refusal: refused });
  };

  const perform = (effect: VerifierEffect): void => {
    switch (effect.type) {
      case 'connect':
        links.set(effect.link, openControlLink(effect.link, { hub, insecure }, post));
        return;
      case 'disconnect':
        links.get(effect.link)?.close();
        links.delete(effect.link);
        return;
      case 'send':
      case 'send-frame':
        links.get(effect.link)?.send(effect);
        return;
      case 'ticket':
        http.setTicket(effect.ticket);
        return;
      case 'bind':
        bind(effect.hub).catch(options.fail);
        return;
      case 'persist':
        persist(effect).catch(options.fail);
        return;
      case 'execute':
        void lane
          .execute(effect)
          .then((result) => post({ type: 'executed', task: effect.task, result }));
        return;
      case 'claim':
        void lane
          .claim(effect)
          .then((result) => post({ type: 'claimed', task: effect.task, result }));
        return;
      case 'prepare':
        void lane
          .prepare(effect)
          .then((result) => post({ type: 'prepared', task: effect.task, result }));
        return;
      case 'say':
        say(effect.level, effect.text);
        return;
      case 'stopped':
        stopped?.();
    }
  };

  const timer = setInterval(() => {
    post({ type: 'tick' });
    for (const link of links.keys()) if (isOver(state, link)) links.delete(link);
  }, TICK_MS);
  post({ type: 'tick' });

  return {
    state: () => state,
    tally: () => tally,
    logFile: () => book?.logFile,
    close: async () => {
      const written = new Promise<void>((resolve) => {
        stopped = resolve;
        setTimeout(resolve, STOP_DEADLINE_MS).unref();
      });
      post({ type: 'stopping' });
      await written;
      clearInterval(timer);
      await workers.close();
      await book?.close();
    },
  };
}

/** A link that ended by itself is not told to disconnect; it is forgotten here. */
const isOver = ({ phase }: Verifier, link: number): boolean =>
  !('link' in phase) || phase.link !== link;

/** The sentence of a failure, for the person who watches. */
export const sentenceOf = (error: unknown): string => {
  if (error instanceof PocketgridError) return error.refusal.message;
  return error instanceof Error ? error.message : String(error);
};
