import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { decodeWith } from '#protocol/values/decode.ts';
import type { PeerId } from '#protocol/values/ids.ts';
import type { Log } from '../process/log.ts';
import type { HubCounters } from '../process/metrics.ts';
import type { PeerAddress } from './peer-node.ts';
import { NO_WEBRTC_STATUS, type PeerWant, type SeederOrder, SeederReport } from './seeder-words.ts';

const PROGRAM = new URL('./seeder-main.ts', import.meta.url);
/** Strangers can make it hold this much, in MiB, and no more: then it ends. */
const HEAP_MIB_MAX = 256;
const LOAD_DEADLINE_MS = 10_000;
const RESTART_MS = { first: 500, most: 30_000, calmAfter: 60_000 };

export interface SeederProcessOptions {
  peer: PeerId;
  log: Log;
}

/** What it needs to serve. */
export interface Seeding {
  address: Omit<PeerAddress, 'path'>;
  /** Folder of the blobs. */
  blobs: string;
  mayServe(want: PeerWant): Promise<boolean>;
  counters: Pick<HubCounters, 'blobBytesWebrtc' | 'peersServed' | 'seederRestarts'>;
}

/** A seeder in a process of its own, which may die. */
export interface SeederProcess {
  join(seeding: Seeding): void;
  close(): void;
}

interface Running {
  options: SeederProcessOptions;
  seeding?: Seeding;
  child?: ChildProcess;
  startedAt: number;
  restartMs: number;
  restart?: NodeJS.Timeout;
  closed: boolean;
}

/**
 * Starts the seeder; undefined where this platform has no WebRTC. A seeder that ends is started
 * again under the same peer id, later each time, until it is closed.
 */
export async function openSeederProcess(
  options: SeederProcessOptions,
): Promise<SeederProcess | undefined> {
  const running: Running = {
    options,
    startedAt: 0,
    restartMs: RESTART_MS.first,
    closed: false,
  };
  const loaded = await new Promise<boolean>((resolve) => {
    // It may still come: devices that wait for it in vain use HTTPS.
    const late = setTimeout(() => resolve(true), LOAD_DEADLINE_MS);
    start(running, (isThere) => {
      clearTimeout(late);
      resolve(isThere);
    });
  });
  const close = () => {
    running.closed = true;
    clearTimeout(running.restart);
    running.child?.kill('SIGKILL');
  };
  if (!loaded) {
    close();
    return undefined;
  }
  return {
    join(seeding) {
      running.seeding = seeding;
      sendJoin(running);
    },
    close,
  };
}

/** `loaded` hears once whether WebRTC is there. */
function start(running: Running, loaded?: (isThere: boolean) => void): void {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const child = fork(PROGRAM, [], {
    execArgv: [`--max-old-space-size=${HEAP_MIB_MAX}`, '--import', loader],
    // Standard output is for the hub's own lines.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  running.child = child;
  running.startedAt = performance.now();
  child.on('message', (message) => {
    const report = decodeWith(SeederReport, message);
    if (!report.ok) child.kill('SIGKILL');
    else if (report.value.type !== 'loaded') hear(running, child, report.value);
    else {
      loaded?.(true);
      sendJoin(running);
    }
  });
  const ended = (how: string, status?: number | null) => {
    if (running.child !== child) return;
    delete running.child;
    if (status === NO_WEBRTC_STATUS) loaded?.(false);
    if (status === NO_WEBRTC_STATUS || running.closed) return;
    restartLater(running, how);
  };
  child.on('error', (error) => ended(error.message));
  child.on('exit', (status, signal) => ended(`status ${status}, signal ${signal}`, status));
}

function restartLater(running: Running, how: string): void {
  const { log } = running.options;
  const lived = performance.now() - running.startedAt;
  if (lived > RESTART_MS.calmAfter) running.restartMs = RESTART_MS.first;
  const wait = running.restartMs;
  running.restartMs = Math.min(2 * wait, RESTART_MS.most);
  if (running.seeding !== undefined) running.seeding.counters.seederRestarts += 1;
  log.warn({ how, restartMs: wait }, 'the seeder has ended and is started again; HTTPS goes on');
  running.restart = setTimeout(() => {
    if (!running.closed) start(running);
  }, wait);
}

function sendJoin({ options: { peer }, seeding, child }: Running): void {
  if (seeding === undefined || child === undefined) return;
  const { address, blobs } = seeding;
  const { iceServers, ...rest } = address;
  order(child, { type: 'join', peer, blobs, address: { ...rest, iceServers: [...iceServers] } });
}

function hear(
  { options, seeding }: Running,
  child: ChildProcess,
  report: Exclude<SeederReport, { type: 'loaded' }>,
): void {
  // Nothing is served before it is told what.
  if (seeding === undefined) return;
  const { counters } = seeding;
  switch (report.type) {
    case 'joined':
      return options.log.debug({ peer: options.peer, pid: child.pid }, 'seeder joined');
    case 'served':
      counters.blobBytesWebrtc += report.bytes;
      counters.peersServed += report.peers;
      return;
    case 'asks': {
      const { request, type: _, ...want } = report;
      const answer = (may: boolean) => order(child, { type: 'may-serve', request, may });
      // A store that does not answer serves nothing.
      return void seeding.mayServe(want).then(answer, () => answer(false));
    }
  }
}

/** To a process that has just ended nothing is said; `exit` follows. */
function order(child: ChildProcess, said: SeederOrder): void {
  if (child.connected) child.send(said, () => undefined);
}
