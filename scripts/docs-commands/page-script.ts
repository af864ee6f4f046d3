import type { Block } from './blocks.ts';

/** How a block that is not of the shell is started: words before the name of its file. */
export type Starters = { readonly [lang in 'python' | 'ts']: string | undefined };

/** A page as one script of bash, and files that it starts. */
export interface PageScript {
  script: string;
  /** Text by name. */
  files: ReadonlyMap<string, string>;
  /** Blocks that do not run, each with the reason. */
  left: { block: Block; reason: string }[];
}

/** Comes before the output of a block. */
export const MARK = '@@ block';
/** The folder of programs, in the folder where a page runs. */
export const PROGRAMS = 'programs-of-page';

/**
 * A refused call ends the page, as a reader would stop there; what stays up is ended with it. `curl`
 * takes a status of 400 or more for a failure here.
 */
const PRELUDE = `set -e -o pipefail
trap 'code=$?; trap "" TERM; kill -TERM -- -$$; wait; exit $code' EXIT
curl() { command curl --fail-with-body "$@"; }
stay_up() {
  local log; log=$(mktemp)
  (eval "$2") > "$log" 2>&1 &
  local program=$!
  for _ in $(seq 600); do
    if grep -qF -- "$1" "$log"; then return 0; fi
    kill -0 $program 2> /dev/null || break
    sleep 0.1
  done
  echo "it never printed $1:"; cat "$log"; return 1
}
`;

/** Writes the script of a page: its blocks one after another, in one shell. */
export function writePage(blocks: readonly Block[], starters: Starters): PageScript {
  const files = new Map<string, string>();
  const left: PageScript['left'] = [];
  const parts = blocks.map((block) => {
    const { page, line, lang, text, use } = block;
    const mark = `echo '${MARK} ${page}:${line}'\n`;
    if (use.type === 'not-run') {
      left.push({ block, reason: use.reason });
      return '';
    }
    if (lang === 'sh') return mark + (use.type === 'run' ? text : stayUp(text, use.ready));
    const starter = starters[lang];
    if (starter === undefined) {
      left.push({ block, reason: `nothing here runs ${lang}` });
      return '';
    }
    const file = `block-${line}.${lang === 'ts' ? 'ts' : 'py'}`;
    files.set(file, text);
    return `${mark}${starter} ${PROGRAMS}/${file}\n`;
  });
  return { script: PRELUDE + parts.join(''), files, left };
}

/** Each command of a block as a program that stays up. */
function stayUp(text: string, ready: string): string {
  const commands = text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.replace(/\s#.*$/, '').trim())
    .filter((line) => line !== '');
  return commands.map((line) => `stay_up ${quote(ready)} ${quote(line)}\n`).join('');
}

const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
