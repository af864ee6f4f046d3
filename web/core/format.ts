import { t } from '@lingui/core/macro';
import { spokenLocale } from './language.ts';

/** Makes each formatter once: making one takes longer than using it a hundred times. */
function kept<Options extends object, Format>(
  make: (options: Options, locale: string) => Format,
): (options: Options, locale?: string) => Format {
  const known = new Map<string, Format>();
  return (options, locale = spokenLocale()) => {
    const name = `${locale} ${JSON.stringify(options)}`;
    const found = known.get(name) ?? make(options, locale);
    known.set(name, found);
    return found;
  };
}

// Numbers and times as a person reads them; `locale` is that of the page when absent.
const numberFormat = kept(
  (options: Intl.NumberFormatOptions, locale) => new Intl.NumberFormat(locale, options),
);
const dateFormat = kept(
  (options: Intl.DateTimeFormatOptions, locale) => new Intl.DateTimeFormat(locale, options),
);
const countryNames = kept(
  (options: Intl.DisplayNamesOptions, locale) => new Intl.DisplayNames(locale, options),
);
const relativeFormat = kept(
  (options: Intl.RelativeTimeFormatOptions, locale) => new Intl.RelativeTimeFormat(locale, options),
);

/** A whole number with its locale's grouping. */
export const formatCount = (value: number, locale?: string): string =>
  numberFormat({ maximumFractionDigits: 0 }, locale).format(value);

/** A share of one, as a percentage with at most `digits` decimals, never rounded up to 100 %. */
export function formatShare(share: number, digits = 0, locale?: string): string {
  const step = 10 ** -(digits + 2);
  const shown = share < 1 ? Math.min(share, 1 - step) : 1;
  return numberFormat({ style: 'percent', maximumFractionDigits: digits }, locale).format(shown);
}

/** A probability, in no more digits than it is worth: `69 %`, `99.2 %`, `99.95 %`. */
export const formatCertainty = (share: number, locale?: string): string =>
  formatShare(share, share < 0.95 ? 0 : share < 0.995 ? 1 : 2, locale);

const BYTE_STEPS = [
  { from: 1e9, unit: 'gigabyte' },
  { from: 1e6, unit: 'megabyte' },
  { from: 0, unit: 'kilobyte' },
] as const;

/** A length in bytes, in decimal units. */
export function formatBytes(value: number, locale?: string): string {
  const { from, unit } = BYTE_STEPS.find((step) => value >= step.from) ?? BYTE_STEPS[2];
  const scaled = value / (from || 1e3);
  const maximumFractionDigits = scaled >= 100 ? 0 : 1;
  return numberFormat({ style: 'unit', unit, maximumFractionDigits }, locale).format(scaled);
}

/** A duration: `12 ms`, `1.4 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatMillis(value: number, locale?: string): string {
  const unit = (amount: number, name: string, digits = 0) =>
    numberFormat({ style: 'unit', unit: name, maximumFractionDigits: digits }, locale).format(
      amount,
    );
  if (value < 1) return unit(value, 'millisecond', 2);
  if (value < 1000) return unit(value, 'millisecond', value < 10 ? 1 : 0);
  if (value < 59_950) return unit(value / 1000, 'second', 1);
  const seconds = Math.round(value / 1000);
  if (seconds < 3600) {
    const rest = seconds % 60;
    const minutes = unit(Math.floor(seconds / 60), 'minute');
    return rest === 0 ? minutes : `${minutes} ${unit(rest, 'second')}`;
  }
  const rest = Math.floor((seconds % 3600) / 60);
  const hours = unit(Math.floor(seconds / 3600), 'hour');
  return rest === 0 ? hours : `${hours} ${unit(rest, 'minute')}`;
}

/** A rate such as units per second, with two digits that mean something. */
export const formatRate = (value: number, locale?: string): string =>
  value === 0
    ? '0'
    : numberFormat({ maximumSignificantDigits: value >= 100 ? 3 : 2 }, locale).format(value);

/** A number that is only roughly known: two digits. */
export const formatRough = (value: number, locale?: string): string =>
  numberFormat({ maximumSignificantDigits: 2 }, locale).format(value);

/** A number of a tensor, short. */
export const formatValue = (value: number, locale?: string): string =>
  numberFormat({ maximumSignificantDigits: 4 }, locale).format(value);

/** Lamports as SOL with every digit, in whole numbers throughout: `0.000005 SOL`. */
export function formatSol(amount: bigint): string {
  const size = amount < 0n ? -amount : amount;
  const fraction = (size % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  const sign = amount < 0n ? '−' : '';
  return `${sign}${size / 1_000_000_000n}${fraction === '' ? '' : `.${fraction}`} SOL`;
}

/** The exact amount, as the chain counts it. */
export const formatLamports = (amount: bigint, locale?: string): string =>
  `${numberFormat({ maximumFractionDigits: 0 }, locale).format(amount)} lamports`;

/** A price, a decimal string of a u64; "0" is the work of volunteers. */
export const formatPrice = (amount: string): string =>
  amount === '0' ? t`free: volunteers compute it` : formatSol(BigInt(amount));

/** A reason from the hub or the worker as a sentence of its own. */
export function formatSentence(text: string): string {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…:]$/.test(sentence) || sentence === '' ? sentence : `${sentence}.`;
}

/** How long ago `at` was, in words: `just now`, `3 minutes ago`. */
export function formatAgo(at: number, now: number, locale?: string): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 10) return t`just now`;
  const format = relativeFormat({ numeric: 'always' }, locale);
  if (seconds < 60) return format.format(-seconds, 'second');
  if (seconds < 3600) return format.format(-Math.floor(seconds / 60), 'minute');
  if (seconds < 86_400) return format.format(-Math.floor(seconds / 3600), 'hour');
  return format.format(-Math.floor(seconds / 86_400), 'day');
}

/** A point in time, to the second, where the reader is. */
export const formatInstant = (at: number, locale?: string): string =>
  dateFormat({ dateStyle: 'medium', timeStyle: 'medium' }, locale).format(at);

/** A time of day, to the second, where the reader is. */
export const formatClock = (at: number, locale?: string): string =>
  dateFormat({ timeStyle: 'medium' }, locale).format(at);

/** A time of day, to the minute. */
export const formatMinute = (at: number, locale?: string): string =>
  dateFormat({ timeStyle: 'short' }, locale).format(at);

/** A day of the week by its number, from Sunday, 0, on. */
export const nameWeekday = (weekday: number, locale?: string): string =>
  // 4 January 1970 was a Sunday.
  dateFormat({ weekday: 'long', timeZone: 'UTC' }, locale).format((3 + weekday) * 86_400_000);

/** A country by its ISO code. */
export const nameCountry = (code: string, locale?: string): string =>
  countryNames({ type: 'region' }, locale).of(code.toUpperCase()) ?? code;

/** The first eight digits of a key or digest, enough to tell two apart by eye. */
export const formatId = (hex: string): string => hex.slice(0, 8);
