import { type MessageDescriptor, type Messages, setupI18n } from '@lingui/core';
import { t } from '@lingui/core/macro';
import type { TaskName } from '#protocol/tasks/task.ts';
import type { Reason } from '#protocol/values/reason.ts';

/** Which language the page speaks, and how its reader's numbers and times are written. */
export interface Spoken {
  language: string;
  locale: string;
}

/** How a language says what the hub and the device give as codes. */
export interface ReasonWords {
  /** A sentence without its full stop. */
  describeReason(reason: Reason): string;
  /** What happens next, whole sentences; empty while a device is at work. */
  describeNext(reason: Reason): string;
  /** What a job computes, as a sentence without its full stop. */
  describePurpose(about: { purpose?: string; task?: TaskName; model?: string }): string;
  /** Who posted a job. */
  describeDeveloper(about: { developerName?: string | undefined }): string;
}

const catalogue = setupI18n();
const words = new Map<string, ReasonWords>();
let read: () => Spoken = () => ({ language: 'en', locale: 'en' });

/**
 * Has all sentences follow what the page speaks. `spoken` is asked for each of them, so that what
 * shows one is drawn again when a signal behind it changes.
 */
export function followLanguage(spoken: () => Spoken): void {
  read = spoken;
}

/** Takes sentences of a language: those of the first page, or more of them. */
export function addSentences(language: string, messages: Messages): void {
  catalogue.load(language, messages);
}

/** Takes how a language says reasons. */
export function addReasons(language: string, reasons: ReasonWords): void {
  words.set(language, reasons);
}

/** What the compiled page calls for each sentence in its code. */
export const i18n = {
  _(sentence: MessageDescriptor): string {
    const { language, locale } = read();
    if (catalogue.locale !== language) catalogue.activate(language, [locale]);
    return catalogue._(sentence);
  },
};

/** A sentence that was kept as data, in the language that is spoken now. */
export const say = (sentence: MessageDescriptor): string => i18n._(sentence);

/** How numbers and times are written now. */
export const spokenLocale = (): string => read().locale;

/** A reason in the language that is spoken now, without its full stop. */
export const sayReason = (reason: Reason): string =>
  wordsNow()?.describeReason(reason) ?? t`one moment…`;

/** What a quote rests on, as one sentence without its full stop. */
export const sayReasons = (reasons: readonly Reason[]): string => reasons.map(sayReason).join('; ');

/** What happens next to a device that does not compute; empty while it is at work. */
export const sayNext = (reason: Reason): string => wordsNow()?.describeNext(reason) ?? '';

/** What a job computes, as a sentence without its full stop: its developer's own, or one by its task. */
export const sayPurpose = (about: Parameters<ReasonWords['describePurpose']>[0]): string =>
  wordsNow()?.describePurpose(about) ?? '';

/** Who posted a job, in words. */
export const sayDeveloper = (about: { developerName?: string | undefined }): string =>
  wordsNow()?.describeDeveloper(about) ?? '';

/** Undefined until they are loaded, which they are when work starts. */
const wordsNow = (): ReasonWords | undefined => words.get(read().language);
