/** One change of the program's source that a test has to notice. */
export interface Mutant {
  path: string;
  line: number;
  /** What is gone, in one line. */
  what: string;
  /**
   * The text between these is a statement that is left out, or an expression that `now` takes the
   * place of.
   */
  start: number;
  end: number;
  now: string | undefined;
}

/**
 * A statement or last expression that checks something: `require…(…)`, a proof, `.end()` of the
 * data.
 */
const CHECK = /^[ ]+(?:[\w.]+\.|\w+::)?(?:require\w*|check_proof|end)\(/gm;
/** A field of an account that is written. */
const WRITE = /^[ ]+(?:pool|pending|escrow|page|config|bond|set)\.[\w.]+ \|?= [^;{]*;$/gm;

/**
 * Every check of a source file dropped once, and every write of an account's field. Of a check of
 * several conditions each is dropped alone.
 */
export function findMutants(path: string, text: string): Mutant[] {
  const found: Mutant[] = [];
  const note = (start: number, end: number, now?: string) => {
    found.push(makeMutant({ path, text, start, end, now }));
  };
  for (const match of text.matchAll(CHECK)) {
    const start = match.index + match[0].search(/\S/);
    const open = match.index + match[0].length - 1;
    const close = closing(text, open);
    const [condition = '', error] = split(text.slice(open + 1, close), [',']);
    const parts = split(condition, ['&&', '||']);
    if (error !== undefined && parts.length > 1 && /\brequire$/.test(text.slice(start, open))) {
      const first = open + 1 + condition.search(/\S/);
      for (const drop of parts.keys()) {
        const kept = parts.filter((_, each) => each !== drop).map((part) => part.trim());
        note(
          first,
          open + 1 + condition.length,
          kept.join(condition.includes('&&') ? ' && ' : ' || '),
        );
      }
    } else if (text.startsWith('?;', close + 1)) {
      note(start, close + 3);
    } else {
      note(start, close + 1, 'Ok(())');
    }
  }
  for (const match of text.matchAll(WRITE)) {
    note(match.index + match[0].search(/\S/), match.index + match[0].length);
  }
  return found;
}

/** A change with its place and its name. */
export function makeMutant({
  path,
  text,
  start,
  end,
  now,
}: Pick<Mutant, 'path' | 'start' | 'end' | 'now'> & { text: string }): Mutant {
  const old = text.slice(start, end);
  const what = now === undefined || now === 'Ok(())' ? old : `${old} -> ${now}`;
  const line = text.slice(0, start).split('\n').length;
  return { path, line, what: what.replace(/\s+/g, ' '), start, end, now };
}

const OPEN = '([{';
const CLOSE = ')]}';

function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (OPEN.includes(text[at] ?? ' ')) depth += 1;
    if (CLOSE.includes(text[at] ?? ' ')) depth -= 1;
    if (depth === 0) return at;
  }
  throw new Error(`the bracket at ${open} is never closed`);
}

/** Parts between separators that stand in no bracket. */
function split(text: string, separators: string[]): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (OPEN.includes(text[at] ?? ' ')) depth += 1;
    if (CLOSE.includes(text[at] ?? ' ')) depth -= 1;
    const found = depth === 0 && separators.find((each) => text.startsWith(each, at));
    if (!found) continue;
    parts.push(text.slice(from, at));
    from = at + found.length;
    at = from - 1;
  }
  parts.push(text.slice(from));
  return parts;
}
