import type { FactOf } from '../state/fact-lists.ts';
import type { Hub } from '../state/hub.ts';
import { forgetStanding, recordOf } from '../trust/device-record.ts';
import { dropBan, noteBan } from '../trust/newcomers.ts';
import { countJudged } from './checks.ts';

/** A device is out, and begins again when it comes back. */
export function applyBan(hub: Hub, { type: _, ...ban }: FactOf<'banned'>): void {
  const { device, at } = ban;
  recordOf(hub, device).ban = ban;
  noteBan(hub, ban);
  forgetStanding(hub, device, at);
}

/** A ban is lifted: the device has the place that it had. */
export function applyPardon(hub: Hub, { device, bannedAt }: FactOf<'pardoned'>): void {
  const record = recordOf(hub, device);
  if (record.ban?.at === bannedAt) delete record.ban;
  dropBan(hub, device, bannedAt);
}

/** A device has lost a provider of a package. */
export function applySuspension(hub: Hub, fact: FactOf<'suspended'>): void {
  const { device, package: id, provider, until, reason, at } = fact;
  const record = recordOf(hub, device);
  const others = record.suspensions.filter((each) => each.until > at);
  record.suspensions = [...others, { package: id, provider, until, reason }];
}

/** A verifier is off the list: what it said counts no more where nothing is resolved. */
export function applyRemoval(hub: Hub, { key }: FactOf<'verifier-removed'>): void {
  hub.enrolled.delete(key);
  hub.removed.add(key);
  hub.judged.delete(key);
  countJudged(hub);
  for (const [name, opinions] of hub.opinions) {
    const others = opinions.filter(({ verifier }) => verifier !== key);
    if (others.length < opinions.length) hub.opinions.set(name, others);
  }
}

/** The majority contradicted a verifier. */
export function applyFault(hub: Hub, { verifier }: FactOf<'verifier-fault'>): void {
  hub.faults.set(verifier, (hub.faults.get(verifier) ?? 0) + 1);
}
