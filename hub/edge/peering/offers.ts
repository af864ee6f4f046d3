import type { PeerSignal } from '#protocol/messages/signalling.ts';

/** Offers of one peer that are remembered; the oldest one goes. It has at most 8 connections. */
const OFFERS_MAX = 64;

/** Which connections peers have offered each other. */
export interface Offers {
  /** Notes an offer; whether an answer or a candidate belongs to one that was made. */
  take(from: string, signal: PeerSignal): boolean;
  forget(peer: string): void;
}

/**
 * The offers that went through a PeerServer. Answers and candidates of no offer are not passed on:
 * PeerJS keeps those for ever. Each peer fills a bounded list of its own.
 */
export function openOffers(): Offers {
  const offers = new Map<string, Set<string>>();
  return {
    take(from, signal) {
      if (signal.type === 'HEARTBEAT') return true;
      const { dst, payload } = signal;
      const name = (to: string) => `${to} ${payload.connectionId}`;
      if (signal.type !== 'OFFER') {
        const isAnswer = offers.get(dst)?.has(name(from)) === true;
        return (
          isAnswer || (signal.type === 'CANDIDATE' && offers.get(from)?.has(name(dst)) === true)
        );
      }
      const made = offers.get(from) ?? new Set();
      made.delete(name(dst));
      made.add(name(dst));
      const [oldest] = made;
      if (made.size > OFFERS_MAX && oldest !== undefined) made.delete(oldest);
      offers.set(from, made);
      return true;
    },
    forget: (peer) => void offers.delete(peer),
  };
}
