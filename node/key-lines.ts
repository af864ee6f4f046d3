import { KeyRequest, type KeyView } from '#protocol/api/keys.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import type { Result } from '#protocol/values/refusal.ts';

const DAY_MS = 24 * 3_600_000;

/** What flags of a command line say of an API key that is to be made. */
export interface KeyFlags {
  name: string;
  operator?: boolean | undefined;
  'read-only'?: boolean | undefined;
  /** Until it expires. */
  days?: number | undefined;
  items?: number | undefined;
  lamports?: string | undefined;
  'calls-per-minute'?: number | undefined;
}

/** The request for an API key that flags ask for. Refuses with `request-invalid`. */
export function keyRequestOf(flags: KeyFlags): Result<KeyRequest> {
  const { name, days, items, lamports, 'calls-per-minute': callsPerMinute } = flags;
  const budget = { ...(items !== undefined && { items }), ...(lamports && { lamports }) };
  const asked = {
    name,
    role: flags.operator ? 'operator' : 'developer',
    access: flags['read-only'] ? 'read' : 'write',
    ...(days !== undefined && { expiresAt: Date.now() + days * DAY_MS }),
    ...(Object.keys(budget).length > 0 && { budget }),
    ...(callsPerMinute !== undefined && { callsPerMinute }),
  };
  return decodeWith(KeyRequest, asked, 'request-invalid');
}

/** A line about a key: its id first. */
export function describeKey({ id, name, role, access, budget, ...rest }: KeyView): string {
  const day = (at: number) => new Date(at).toISOString().slice(0, 10);
  const { expiresAt, revokedAt, callsPerMinute } = rest;
  return [
    `${id}  ${name}: ${role}${access === 'read' ? ', reads only' : ''}`,
    expiresAt === undefined ? [] : `until ${day(expiresAt)}`,
    budget?.items === undefined ? [] : `${budget.items} items`,
    budget?.lamports === undefined ? [] : `${budget.lamports} lamports`,
    callsPerMinute === undefined ? [] : `${callsPerMinute} calls a minute`,
    revokedAt === undefined ? [] : `revoked on ${day(revokedAt)}`,
  ]
    .flat()
    .join(', ');
}
