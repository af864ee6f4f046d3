/** Languages of the page, each by its own name. The first is for readers of none of them. */
export const LANGUAGES = [
  { code: 'en', name: 'English' },
  { code: 'de', name: 'Deutsch' },
] as const;
/** The code of a language of the page. */
export type Language = (typeof LANGUAGES)[number]['code'];

/** A language of the page by its code. */
export const decodeLanguage = (code: string | null): Language | undefined =>
  LANGUAGES.find((language) => language.code === code)?.code;

/** The first language of a reader's list that the page has; his region counts for no choice. */
export function chooseLanguage(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const found = decodeLanguage(tag.toLowerCase().split('-')[0] ?? '');
    if (found !== undefined) return found;
  }
  return LANGUAGES[0].code;
}

/** The reader's own kind of a language for numbers and times, `en-GB`; else the language itself. */
export const localeOf = (language: Language, preferred: readonly string[]): string =>
  preferred.find((tag) => tag.toLowerCase().split('-')[0] === language) ?? language;

const RIGHT_TO_LEFT = /^(ar|dv|fa|he|ps|ur|yi)\b/;

/** Which way a language is written, as `dir` has it. */
export const directionOf = (language: string): 'ltr' | 'rtl' =>
  RIGHT_TO_LEFT.test(language) ? 'rtl' : 'ltr';
