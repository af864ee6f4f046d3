import { between, type Instant } from '#protocol/values/units.ts';

/** Where pieces come from: the hub's HTTPS, or a peer over WebRTC (the hub's seeder is one). */
export type SourceId = string;
/** The hub over HTTPS, as a source of pieces. */
export const HTTPS: SourceId = 'https';

interface Source {
  inFlight: number;
  failures: number;
  /** Measured goodput of its last pieces, in pieces per second. */
  piecesPerSecond: number;
}

/** One blob on its way: which pieces are here, asked for, and from whom. Changed in place. */
export interface Assembly {
  startedAt: Instant;
  lastPeerPieceAt: Instant;
  missing: Set<number>;
  asked: Map<number, SourceId>;
  sources: Map<SourceId, Source>;
  httpsFailures: number;
}

/** A piece and who is asked for it. */
export interface Wanted {
  piece: number;
  source: SourceId;
}

/** HTTPS helps peers of which none has delivered for this long. */
export const PEER_PATIENCE_MS = 5_000;
const IN_FLIGHT_MAX = { peer: 3, https: 2 } as const;
const PEER_FAILURES_MAX = 2;
const HTTPS_FAILURES_MAX = 5;

/** A blob of so many pieces, none of which is here. */
export function openAssembly(pieces: number, now: Instant): Assembly {
  return {
    startedAt: now,
    lastPeerPieceAt: now,
    missing: new Set(Array.from({ length: pieces }, (_, piece) => piece)),
    asked: new Map(),
    sources: new Map([[HTTPS, openSource()]]),
    httpsFailures: 0,
  };
}

const openSource = (): Source => ({ inFlight: 0, failures: 0, piecesPerSecond: 0 });

/** The peers that can be asked now; those that have gone are forgotten with what they owed. */
export function setPeers(assembly: Assembly, peers: readonly SourceId[]): void {
  for (const peer of peers) {
    if (!assembly.sources.has(peer)) assembly.sources.set(peer, openSource());
  }
}

/**
 * What to ask for next. Peers that are connected first, fastest first. HTTPS at once where there is none,
 * so that nobody waits for peers that may never come, and where none has delivered a piece for five seconds.
 */
export function planRequests(
  assembly: Assembly,
  now: Instant,
  connected: readonly SourceId[],
): Wanted[] {
  setPeers(assembly, connected);
  const stalled = between(assembly.lastPeerPieceAt, now) >= PEER_PATIENCE_MS;
  const usable = connected
    .filter((peer) => !isGivenUp(assembly, peer))
    .sort((a, b) => speed(assembly, b) - speed(assembly, a));
  const order = stalled || usable.length === 0 ? [...usable, HTTPS] : usable;
  const wanted: Wanted[] = [];
  const open = [...assembly.missing].filter((piece) => !assembly.asked.has(piece));
  for (const source of order) {
    const held = assembly.sources.get(source);
    const most = source === HTTPS ? IN_FLIGHT_MAX.https : IN_FLIGHT_MAX.peer;
    while (held !== undefined && held.inFlight < most) {
      const piece = open.shift();
      if (piece === undefined) return wanted;
      held.inFlight += 1;
      assembly.asked.set(piece, source);
      wanted.push({ piece, source });
    }
  }
  return wanted;
}

const speed = (assembly: Assembly, source: SourceId): number =>
  assembly.sources.get(source)?.piecesPerSecond ?? 0;

/** A piece arrived and its hash holds. */
export function finishPiece(
  assembly: Assembly,
  wanted: Wanted,
  at: { now: Instant; ms: number },
): void {
  const source = settle(assembly, wanted);
  assembly.missing.delete(wanted.piece);
  if (wanted.source !== HTTPS) assembly.lastPeerPieceAt = at.now;
  if (source === undefined) return;
  source.failures = 0;
  source.piecesPerSecond = 1_000 / Math.max(1, at.ms);
  if (wanted.source === HTTPS) assembly.httpsFailures = 0;
}

/** A piece did not arrive or its hash was wrong. Says whether anything is left to try. */
export function failPiece(assembly: Assembly, wanted: Wanted, worst: boolean): boolean {
  const source = settle(assembly, wanted);
  if (source !== undefined) source.failures += worst ? PEER_FAILURES_MAX : 1;
  if (wanted.source === HTTPS) assembly.httpsFailures += 1;
  return assembly.httpsFailures < HTTPS_FAILURES_MAX;
}

/** Whether a peer has failed so often that it is asked no more. */
export const isGivenUp = (assembly: Assembly, source: SourceId): boolean =>
  source !== HTTPS && (assembly.sources.get(source)?.failures ?? 0) >= PEER_FAILURES_MAX;

function settle(assembly: Assembly, { piece, source }: Wanted): Source | undefined {
  if (assembly.asked.get(piece) === source) assembly.asked.delete(piece);
  const held = assembly.sources.get(source);
  if (held !== undefined) held.inFlight = Math.max(0, held.inFlight - 1);
  return held;
}
