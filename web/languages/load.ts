import { type ReadonlySignal, signal } from '@preact/signals';
import { addReasons, addSentences, followLanguage, type ReasonWords } from '../core/language.ts';
import { directionOf, type Language, localeOf } from '../core/language-names.ts';

type Sentences = Parameters<typeof addSentences>[1];
interface Catalogues {
  /** What the first page says. */
  first(): Promise<{ messages: Sentences } & ReasonWords>;
  /** What all other pages say. */
  rest(): Promise<{ messages: Sentences }>;
}

/** Of these the page holds only what its reader's language needs. */
const CATALOGUES: Record<Language, Catalogues> = {
  en: { first: () => import('./en/first.ts'), rest: () => import('./en/rest.po') },
  de: { first: () => import('./de/first.ts'), rest: () => import('./de/rest.po') },
};

/** The language of the page. */
export interface PageLanguage {
  now: ReadonlySignal<Language>;
  /** Loads a language, then speaks it; throws where it does not load. */
  speak(language: Language): Promise<void>;
  /** Loads what pages other than the first say. */
  loadRest(): Promise<void>;
}

/** Has the page speak a language that is loaded by `speak`; numbers follow the reader's own region. */
export function openLanguage(start: Language, preferred: readonly string[]): PageLanguage {
  const now = signal(start);
  /** Whose other sentences are here already. */
  const whole = new Set<Language>();
  let isWhole = false;
  followLanguage(() => ({ language: now.value, locale: localeOf(now.value, preferred) }));

  async function loadRestOf(language: Language): Promise<void> {
    if (whole.has(language)) return;
    const { messages } = await CATALOGUES[language].rest();
    addSentences(language, messages);
    whole.add(language);
  }
  return {
    now,
    async speak(language) {
      const [{ messages, ...reasons }] = await Promise.all([
        CATALOGUES[language].first(),
        ...(isWhole ? [loadRestOf(language)] : []),
      ]);
      addSentences(language, messages);
      addReasons(language, reasons);
      document.documentElement.lang = language;
      document.documentElement.dir = directionOf(language);
      now.value = language;
    },
    async loadRest() {
      isWhole = true;
      await loadRestOf(now.value);
    },
  };
}
