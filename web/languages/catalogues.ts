import type { Messages } from '@lingui/core';
import type { ReasonWords } from '../core/language.ts';
import { chooseLanguage, decodeLanguage, type Language } from '../core/language-names.ts';
import { readStored } from '../edge/local-store.ts';

interface Catalogue {
  messages: Messages;
}

interface Catalogues {
  /** What the first page says before work starts. */
  first(): Promise<Catalogue>;
  /** What all other pages say. */
  rest(): Promise<Catalogue>;
  /** How reasons of the hub and the device are said. */
  reasons(): Promise<ReasonWords>;
}
/** A part of a language's sentences. */
export type Part = keyof Catalogues;

/** Of these the page holds only what its reader's language needs. */
export const CATALOGUES: Record<Language, Catalogues> = {
  en: {
    first: () => import('./en/first.po'),
    rest: () => import('./en/rest.po'),
    reasons: () => import('./en/reasons.ts'),
  },
  de: {
    first: () => import('./de/first.po'),
    rest: () => import('./de/rest.po'),
    reasons: () => import('./de/reasons.ts'),
  },
};

/** The language that was chosen on an earlier visit, else the first of the browser's that the page has. */
export const findLanguage = (): Language =>
  decodeLanguage(readStored('language')) ?? chooseLanguage(navigator.languages);
