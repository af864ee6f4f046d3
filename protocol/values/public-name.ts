import * as v from 'valibot';

const CHARACTERS = { least: 2, most: 32 } as const;
const FORM = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._'’-]*$/u;
const GAP = /[ ._'’-]{2}|[ ._'’-]$/;

/** Letters of a name are of one of these: a mixture shows one word as another. */
const SCRIPTS = [
  /^\p{sc=Latin}*$/u,
  /^\p{sc=Greek}*$/u,
  /^\p{sc=Cyrillic}*$/u,
  /^\p{sc=Armenian}*$/u,
  /^\p{sc=Georgian}*$/u,
  /^\p{sc=Hebrew}*$/u,
  /^\p{sc=Arabic}*$/u,
  /^\p{sc=Devanagari}*$/u,
  /^\p{sc=Bengali}*$/u,
  /^\p{sc=Tamil}*$/u,
  /^\p{sc=Thai}*$/u,
  /^\p{sc=Hangul}*$/u,
  /^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]*$/u,
];

const isOfOneScript = (name: string): boolean => {
  const letters = name.replace(/[^\p{L}]/gu, '').replace(/\p{sc=Common}/gu, '');
  return SCRIPTS.some((script) => script.test(letters));
};

/** A name that strangers read, as it is written: short, plain, and of one script. */
export const PublicName = v.pipe(
  v.string(),
  v.check(
    (name) => name === name.normalize('NFKC').trim(),
    'expected plain letters, without blanks around them',
  ),
  v.minLength(CHARACTERS.least, `expected at least ${CHARACTERS.least} characters`),
  v.maxLength(CHARACTERS.most, `expected at most ${CHARACTERS.most} characters`),
  v.regex(
    FORM,
    "expected letters, digits, blanks and . _ - ' alone, and one of the first two at its beginning",
  ),
  v.check(
    (name) => !GAP.test(name),
    'expected a letter or digit between and behind blanks and signs',
  ),
  v.check(isOfOneScript, 'expected letters of one script, such as Latin or Cyrillic'),
);

/** What a person typed, as a name is written: in one form of its letters, without blanks around. */
export const plainName = (typed: string): string =>
  typed.normalize('NFKC').trim().replace(/\s+/g, ' ');

/** Letters of other scripts, and digits, by the Latin letter that they look like. */
const LOOKS: Readonly<Record<string, string>> = Object.fromEntries(
  ['аαａa', 'вβb', 'сϲc', 'ԁd', 'еεe', 'һηh', 'іιıӏ1|il', 'јj', 'кκk', 'мμm', 'пn', 'оοօ0o', 'рρp']
    .concat(['ѕ5s', 'тτt', 'υսu', 'ѵνv', 'ԝωw', 'хχx', 'уγy', 'ʐz'])
    .flatMap((group) => {
      const like = group.at(-1) ?? '';
      return [...group].map((letter) => [letter, like]);
    }),
);

/** What a name looks like: names that a reader may take for each other have the same. */
export function likenessOf(name: string): string {
  const letters = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
  return [...letters]
    .map((letter) => LOOKS[letter] ?? letter)
    .join('')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w');
}
