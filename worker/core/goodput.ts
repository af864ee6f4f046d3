/** Where a shard's inputs can come from: the hub's seeder over WebRTC, or HTTPS. */
export type InputSource = 'peers' | 'https';

/** Bytes per ms that each source brought lately; absent until it was tried. */
export interface Goodput {
  peers?: number;
  https?: number;
  /** Parts fetched so far. */
  parts: number;
}

/** HTTPS must be clearly faster to be chosen: peers spare the hub's line. */
const CLEARLY_FASTER = 1.25;
/** Every so many parts the other source is tried again: networks change under a phone. */
const RETRY_EVERY_PARTS = 32;
const GAIN = 0.5;

/** The source for the next part: each is tried once, then the faster one, mostly. */
export function chooseSource({ peers, https, parts }: Goodput, peerIsOpen: boolean): InputSource {
  if (!peerIsOpen) return 'https';
  if (peers === undefined) return 'peers';
  if (https === undefined) return 'https';
  const faster = https > peers * CLEARLY_FASTER ? 'https' : 'peers';
  if (parts % RETRY_EVERY_PARTS !== RETRY_EVERY_PARTS - 1) return faster;
  return faster === 'https' ? 'peers' : 'https';
}

/** Notes what a part of `bytes` took; `bytes` is 0 when the source failed. */
export function notePart(
  goodput: Goodput,
  source: InputSource,
  { bytes, ms }: { bytes: number; ms: number },
): void {
  const measured = bytes / Math.max(ms, 1);
  const before = goodput[source] ?? measured;
  goodput[source] = bytes === 0 ? 0 : before + GAIN * (measured - before);
  goodput.parts += 1;
}
