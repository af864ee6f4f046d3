import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import {
  CHECK_POLICY_DEFAULT,
  type CheckPolicy,
  NEWCOMER_POLICY,
  type NewcomerPolicy,
} from '#protocol/checks/check-policy.ts';
import type { PeerId, PublicKey } from '#protocol/values/ids.ts';
import { PocketgridError } from '#protocol/values/refusal.ts';
import { millis } from '#protocol/values/units.ts';
import { type ClosingWatch, openClosingWatch } from './chain/closing-watch.ts';
import { type ChainChoice, type Money, openMoney } from './chain/open.ts';
import { openApi } from './http/api.ts';
import { createFirstKey } from './http/api-keys.ts';
import { openStaticFiles } from './http/static-files.ts';
import { type HubParts, openHubParts } from './hub-parts.ts';
import { type Listener, openListener } from './listener.ts';
import { reachOf } from './peering/candidates.ts';
import { openSeederProcess, type SeederProcess } from './peering/seeder-process.ts';
import type { Clock } from './process/clock.ts';
import { type Certificate, listLanAddresses, openCertificate } from './process/lan.ts';
import { type Log, openLog } from './process/log.ts';
import type { HubCounters } from './process/metrics.ts';

const BEAT_MS = 15_000;
const BAR_MS = 24 * 3_600_000;
export const PORT_DEFAULT = 8787;

/** Where a hub listens and keeps its data, and what its operator set. */
export interface HubServerOptions {
  data: string;
  host?: string;
  /** 0 for any free one. */
  port?: number;
  /** HTTPS with a self-signed certificate, on all addresses. */
  lan?: boolean;
  /** Of pages of other servers that may open sockets here. */
  origins?: readonly string[];
  /** Folder of the built app. */
  app?: string;
  /** The text of an operator's key that is good from now on; else the first start makes one. */
  operatorKey?: string;
  /** Enrolled at start. */
  verifierKeys?: readonly PublicKey[];
  needsVerifier?: boolean;
  checks?: CheckPolicy;
  /** How many new devices may begin; without verifiers nobody is checked, and all may. */
  newcomers?: NewcomerPolicy | 'unlimited';
  /** How many devices that are offline stay in memory. */
  offlineDevicesMax?: number;
  beatMs?: number;
  /** `none` unless said otherwise. */
  chain?: ChainChoice;
  /** A peer that serves blobs over WebRTC, in a process of its own; there is one unless it is false. */
  seeds?: boolean;
  /** Whether webhooks may go to private addresses and this machine, and by plain HTTP. */
  privateWebhooks?: boolean;
  log?: Log;
  clock?: Clock;
}

/** A hub that runs; `close` ends it cleanly. */
export interface HubServer {
  url: string;
  /** The same, for other devices on this network. */
  lanUrls: string[];
  hub: PublicKey;
  /** The operator's key, made on the first start and shown only here. */
  key?: string;
  /** PEM of the self-signed certificate, with `lan`. */
  certificate?: string;
  readonly counters: HubCounters;
  close(): Promise<void>;
}

/** Opens a whole hub: store, core, sockets, seeder, API and app on one port. */
export async function openHubServer(options: HubServerOptions): Promise<HubServer> {
  const log = options.log ?? openLog('silent');
  const peer = `hub-${randomBytes(8).toString('hex')}` as PeerId;
  const seeder = options.seeds === false ? undefined : await openSeederProcess({ peer, log });
  const needsVerifier = options.needsVerifier ?? true;
  const newcomers = options.newcomers ?? (needsVerifier ? NEWCOMER_POLICY : 'unlimited');
  const parts = await openHubParts(
    resolve(options.data),
    {
      checks: options.checks ?? CHECK_POLICY_DEFAULT,
      beatMs: millis(options.beatMs ?? BEAT_MS),
      iceServers: [],
      needsVerifier,
      barMs: millis(BAR_MS),
      ...(newcomers === 'unlimited' ? {} : { newcomers }),
      ...(options.offlineDevicesMax === undefined
        ? {}
        : { offlineDevicesMax: options.offlineDevicesMax }),
      ...(seeder === undefined ? {} : { seeder: peer }),
    },
    { log, clock: options.clock, privateWebhooks: options.privateWebhooks },
  ).catch((error: unknown) => {
    seeder?.close();
    throw error;
  });
  const stopping = new AbortController();
  let listener: Listener | undefined;
  let money: Money | undefined;
  let watch: ClosingWatch | undefined;
  const close = async () => {
    stopping.abort();
    seeder?.close();
    const drained = listener?.drain();
    watch?.close();
    money?.pulse.close();
    await parts.stop();
    listener?.dropConnections();
    await drained;
    await parts.close();
  };
  try {
    const key = await createFirstKey(parts.store.keys, options.operatorKey);
    await enrol(parts, options.verifierKeys ?? []);
    const place = await openPlace(options);
    money = await openMoney(resolve(options.data), options.chain ?? 'none', log);
    watch = openClosingWatch({ ...parts, ...money });
    listener = await listen({ ...parts, ...money, stopping: stopping.signal }, place);
    if (seeder !== undefined) seed(seeder, { ...parts, peer }, { ...place, port: listener.port });
    const { hub, url, lanUrls, certificate } = describePlace(parts, place, listener.port);
    return {
      url,
      lanUrls,
      hub,
      ...(key === undefined ? {} : { key }),
      ...(certificate === undefined ? {} : { certificate }),
      counters: parts.counters,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where a hub listens and what it shows there. */
interface Place {
  host: string;
  port: number;
  lanAddresses: string[];
  certificate: Certificate | undefined;
  app: string;
  origins: readonly string[];
  /** Where pages call beside this hub: the cluster that it settles on. */
  reaches: string[];
}

async function openPlace(options: HubServerOptions): Promise<Place> {
  const lan = options.lan === true;
  const lanAddresses = lan ? listLanAddresses() : [];
  return {
    host: options.host ?? (lan ? '0.0.0.0' : '127.0.0.1'),
    port: options.port ?? PORT_DEFAULT,
    lanAddresses,
    certificate: lan ? await openCertificate(resolve(options.data), lanAddresses) : undefined,
    app: options.app ?? join(import.meta.dirname, '../../dist'),
    origins: options.origins ?? [],
    reaches: reachesOf(options.chain ?? 'none'),
  };
}

const reachesOf = (chain: ChainChoice): string[] =>
  chain === 'none' || chain.isDev ? [] : [new URL(chain.url).origin];

async function listen(
  parts: HubParts & Money & { stopping: AbortSignal },
  place: Place,
): Promise<Listener> {
  const files = openStaticFiles(place.app, place.reaches);
  const ports = { ...parts, hubKey: parts.identity.key, sign: parts.identity.sign };
  const answer = openApi(ports, parts.metrics);
  const api = getRequestListener(answer, { overrideGlobalObjects: false });
  return openListener({
    ...place,
    answer: (request, response) => files(request, response, () => api(request, response)),
    control: parts.control.upgrade,
    signalling: parts.signalling.upgrade,
  });
}

function describePlace(parts: HubParts, place: Place, port: number) {
  const scheme = place.certificate === undefined ? 'http' : 'https';
  const local = reachable(place.host);
  return {
    hub: parts.identity.key,
    url: `${scheme}://${local.includes(':') ? `[${local}]` : local}:${port}`,
    lanUrls: place.lanAddresses.map((address) => `${scheme}://${address}:${port}`),
    certificate: place.certificate?.cert,
  };
}

/** Where this machine itself finds a server that listens on `host`. */
const reachable = (host: string): string =>
  host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;

async function enrol({ hub, loop }: HubParts, keys: readonly PublicKey[]): Promise<void> {
  for (const key of keys) {
    if (hub.enrolled.has(key)) continue;
    const result = await loop.command({ type: 'enrol', key });
    if (!result.ok) throw new PocketgridError(result.refusal);
  }
}

function seed(
  seeder: SeederProcess,
  { peer, signalling, mayServe, blobFolder, counters }: HubParts & { peer: PeerId },
  { host, port, certificate }: Place,
): void {
  const token = randomBytes(24).toString('base64url');
  signalling.allow(peer, token);
  const authority = certificate === undefined ? {} : { authority: certificate.cert };
  seeder.join({
    address: {
      host: reachable(host),
      port,
      token,
      iceServers: [],
      reach: reachOf(host, certificate !== undefined),
      ...authority,
    },
    blobs: blobFolder,
    mayServe,
    counters,
  });
}
