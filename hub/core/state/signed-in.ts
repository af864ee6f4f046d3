import type { Signed } from '#protocol/bytes/signature.ts';
import type { ContributorMessage } from '#protocol/messages/control.ts';
import type { SignedVerdict } from '#protocol/records/records.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import type { HubEvent } from './events.ts';
import type { Hub } from './hub.ts';

/** A device's message that commits to outputs. */
export type Commit = Extract<ContributorMessage, { type: 'commit' }>;

/** What a device signs when it commits to the outputs of a lease. */
export const commitmentBy = (
  device: PublicKey,
  { lease, commitment, signature }: Omit<Commit, 'type'>,
): Signed => ({
  key: device,
  context: 'commitment',
  record: { lease, device, commitment },
  signature,
});

/** What a verifier signs when it judges a unit. */
export const verdictBy = (key: PublicKey, { verdict, signature }: SignedVerdict): Signed => ({
  key,
  context: 'verdict',
  record: verdict,
  signature,
});

/**
 * The signature that `stepHub` will ask about when it takes this event: of a commitment to a lease
 * that its sender holds, or of a verdict. Undefined for all else, so that nobody has signatures
 * checked that nobody needs.
 */
export function signedIn(hub: Hub, event: HubEvent): Signed | undefined {
  if (event.type !== 'received') return undefined;
  const { message } = event;
  if (message.type !== 'commit' && message.type !== 'verdict') return undefined;
  const session = hub.sessions.get(event.socket);
  if (session === undefined || session.stage === 'greeted') return undefined;
  const { key } = session;
  if (message.type === 'verdict') {
    return session.stage === 'verifier' ? verdictBy(key, message.signed) : undefined;
  }
  const active = hub.leases.get(message.lease);
  const isAsked = active?.device === key && active.stage === 'computing';
  return isAsked ? commitmentBy(key, message) : undefined;
}
