import type { MessageDescriptor } from '@lingui/core';
import { msg, plural, t } from '@lingui/core/macro';
import { KeyRequest, type KeyView, type OwnKey } from '#protocol/api/keys.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { formatCount, formatInstant, formatSol } from './format.ts';
import { say } from './language.ts';

/** The form for a new key, as typed. */
export interface KeyForm {
  name: string;
  role: KeyView['role'];
  access: KeyView['access'];
  /** Days from now; empty for ever. */
  days: string;
  items: string;
  lamports: string;
  callsPerMinute: string;
}

/** The form before anything was typed. */
export const KEY_FORM_EMPTY: KeyForm = {
  ...{ name: '', role: 'developer', access: 'write' },
  ...{ days: '', items: '', lamports: '', callsPerMinute: '' },
};

const DAY_MS = 24 * 60 * 60_000;

const NUMBERS: readonly (readonly [field: keyof KeyForm, fault: MessageDescriptor])[] = [
  ['days', msg`Days until it expires is a whole number, or empty for no limit.`],
  ['items', msg`The budget in items is a whole number, or empty for no limit.`],
  ['lamports', msg`The budget in lamports is a whole number, or empty for no limit.`],
  ['callsPerMinute', msg`Calls a minute is a whole number, or empty for no limit.`],
];

/** Turns what was typed into a `KeyRequest`, or says which field is wrong and what it wants. */
export function decodeKeyForm(form: KeyForm, now: number): Result<KeyRequest> {
  for (const [field, fault] of NUMBERS) {
    if (!/^\s*(\d{1,15})?\s*$/.test(form[field])) {
      return refuse('request-invalid', say(fault), field);
    }
  }
  const given = (text: string) => (text.trim() === '' ? undefined : Number(text));
  const [days, items, calls] = [form.days, form.items, form.callsPerMinute].map(given);
  const lamports = form.lamports.trim();
  const budget = { ...(items !== undefined && { items }), ...(lamports && { lamports }) };
  const request = {
    name: form.name,
    role: form.role,
    access: form.access,
    ...(days !== undefined && { expiresAt: now + days * DAY_MS }),
    ...(Object.keys(budget).length > 0 && { budget }),
    ...(calls !== undefined && { callsPerMinute: calls }),
  };
  const decoded = decodeWith(KeyRequest, request, 'request-invalid');
  return decoded.ok ? accept(decoded.value) : decoded;
}

/** A line about what a key has used, of how much where it has a budget. */
export interface SpendLine {
  name: string;
  label: string;
  /** Of the budget; absent without one. */
  share?: number;
}

/** What the jobs of a key came to, against its budget. */
export function viewSpend({ spent, budget = {} }: Pick<OwnKey, 'spent' | 'budget'>): SpendLine[] {
  const paid = BigInt(spent.lamports);
  const most = budget.lamports === undefined ? undefined : BigInt(budget.lamports);
  return [
    {
      name: t`Items`,
      ...(budget.items === undefined
        ? { label: formatCount(spent.items) }
        : {
            label: t`${formatCount(spent.items)} of ${formatCount(budget.items)}`,
            share: shareOf(BigInt(spent.items), BigInt(budget.items)),
          }),
    },
    {
      name: t`Price of its jobs`,
      ...(most === undefined
        ? { label: formatSol(paid) }
        : { label: t`${formatSol(paid)} of ${formatSol(most)}`, share: shareOf(paid, most) }),
    },
  ];
}

const shareOf = (part: bigint, whole: bigint): number =>
  whole === 0n ? 1 : Math.min(1, Number((part * 10_000n) / whole) / 10_000);

/** What a key may do and for how long, in words. */
export function describeKey(
  key: KeyView,
  now: number,
): { state: string; isOpen: boolean; words: string } {
  const { role, access, budget = {}, callsPerMinute, expiresAt, revokedAt } = key;
  const isExpired = expiresAt !== undefined && expiresAt <= now;
  const words = [
    role === 'operator' ? t`operator` : access === 'read' ? t`reads jobs` : t`posts jobs`,
    ...(budget.items === undefined
      ? []
      : [t`at most ${plural(budget.items, { one: '# item', other: '# items' })}`]),
    ...(budget.lamports === undefined ? [] : [t`at most ${formatSol(BigInt(budget.lamports))}`]),
    ...(callsPerMinute === undefined
      ? []
      : [t`${plural(callsPerMinute, { one: '# call', other: '# calls' })} a minute`]),
    ...(expiresAt === undefined ? [] : [t`until ${formatInstant(expiresAt)}`]),
  ];
  const state = revokedAt !== undefined ? t`revoked` : isExpired ? t`expired` : t`in use`;
  const isOpen = revokedAt === undefined && !isExpired;
  return { state, isOpen, words: words.join(', ') };
}
