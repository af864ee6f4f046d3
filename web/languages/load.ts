import { type ReadonlySignal, signal } from '@preact/signals';
import { addReasons, addSentences, followLanguage } from '../core/language.ts';
import { directionOf, type Language, localeOf } from '../core/language-names.ts';
import { CATALOGUES, type Part } from './catalogues.ts';

/** The language of the page. */
export interface PageLanguage {
  now: ReadonlySignal<Language>;
  /** Loads a language, then speaks it; throws where it does not load. */
  speak(language: Language): Promise<void>;
  /** Loads what pages other than the first say, and reasons. */
  loadRest(): Promise<void>;
  /** Loads reasons alone: work starts. */
  loadReasons(): Promise<void>;
}

/** Has the page speak a language that `speak` has loaded; numbers follow the reader's own region. */
export function openLanguage(start: Language, preferred: readonly string[]): PageLanguage {
  const now = signal(start);
  /** How much was taken in: what is shown is drawn again then. */
  const taken = signal(0);
  const wanted = new Set<Part>(['first']);
  const here = new Set<string>();
  followLanguage(() => {
    void taken.value;
    return { language: now.value, locale: localeOf(now.value, preferred) };
  });

  async function load(language: Language, part: Part): Promise<void> {
    if (here.has(`${language} ${part}`)) return;
    const catalogues = CATALOGUES[language];
    if (part === 'reasons') addReasons(language, await catalogues.reasons());
    else addSentences(language, (await catalogues[part]()).messages);
    here.add(`${language} ${part}`);
    taken.value += 1;
  }
  const want = async (...parts: Part[]): Promise<void> => {
    for (const part of parts) wanted.add(part);
    await Promise.all(parts.map((part) => load(now.value, part)));
  };
  return {
    now,
    async speak(language) {
      await Promise.all([...wanted].map((part) => load(language, part)));
      document.documentElement.lang = language;
      document.documentElement.dir = directionOf(language);
      now.value = language;
    },
    loadRest: () => want('rest', 'reasons'),
    loadReasons: () => want('reasons'),
  };
}
