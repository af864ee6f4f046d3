/** A fenced block of a page that is a command or a program, and what a test does with it. */
export interface Block {
  /** The page, from the root of the repository, and the line of the fence. */
  page: string;
  line: number;
  lang: (typeof LANGUAGES)[number];
  text: string;
  use: BlockUse;
}

/**
 * A block runs unless the comment before it says otherwise: `<!-- not run: WHY -->`, or
 * `<!-- stays up; ready at: TEXT -->` for lines that start programs, each of which has begun when
 * it has printed the text.
 */
export type BlockUse =
  | { type: 'run' }
  | { type: 'stays-up'; ready: string }
  | { type: 'not-run'; reason: string };

/** What runs. */
export const LANGUAGES = ['sh', 'python', 'ts'] as const;
/** Answers, and pictures. */
const SHOWN = ['', 'json', 'mermaid'];
const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;
const NOT_RUN = /^<!-- not run: (.+) -->$/;
const STAYS_UP = /^<!-- stays up; ready at: (.+) -->$/;

/** The blocks of a page in their order. Throws for a language that is neither run nor shown. */
export function readBlocks(page: string, text: string): Block[] {
  return [...text.matchAll(FENCE)].flatMap(({ 1: lang = '', 2: body = '', index }) => {
    const before = text.slice(0, index);
    const line = before.split('\n').length;
    if (SHOWN.includes(lang)) return [];
    const known = LANGUAGES.find((each) => each === lang);
    if (known !== undefined) return [{ page, line, lang: known, text: body, use: useOf(before) }];
    const message = `${page}:${line}: a block of ${lang}; commands are ${LANGUAGES.join(', ')}, and what is shown is json or has no name`;
    throw new RangeError(message);
  });
}

function useOf(before: string): BlockUse {
  const last = before.trimEnd().split('\n').at(-1) ?? '';
  const [, reason] = NOT_RUN.exec(last) ?? [];
  if (reason !== undefined) return { type: 'not-run', reason };
  const [, ready] = STAYS_UP.exec(last) ?? [];
  return ready === undefined ? { type: 'run' } : { type: 'stays-up', ready };
}
