import type { Lanes } from '../lanes/lanes.ts';
import type { ApiPorts } from '../route.ts';
import { likelyTokens, namedTokens, type Said } from './say.ts';
import { showText } from './shown-text.ts';
import type { Wishes } from './wishes.ts';
import { type TextSlice, type Writing, writeText } from './write-text.ts';

/** One text of an answer, as it comes. */
export interface Followed {
  said: Said;
  slice: TextSlice;
}

/**
 * Follows one text of an answer: what may be shown of each slice, once it may. A stop text ends it,
 * and no further slice is asked for.
 */
export async function* followText(
  ports: ApiPorts,
  lanes: Lanes,
  { wishes, index, writing }: { wishes: Wishes; index: number; writing: Writing },
): AsyncGenerator<Followed> {
  const { stops, logprobs } = wishes;
  const { files } = writing.asking.model;
  const ids: number[] = [];
  let shown = 0;
  for await (const slice of writeText(ports, lanes, writing)) {
    ids.push(...slice.tokens);
    const named = logprobs === undefined ? [] : namedTokens(slice);
    const [whole = '', ...names] = await ports.threads.decodeTokens({
      files,
      texts: [ids, ...named.map((token) => [token])],
    });
    const nameBy = new Map(named.map((token, at) => [token, names[at] ?? '']));
    const nameOf = (token: number) => nameBy.get(token) ?? '';
    const isOver = slice.isLast;
    const { text, isStopped } = showText(whole, { stops, isOver });
    const isEnd = isOver || isStopped;
    const finish = slice.end === 'stop' || isStopped ? 'stop' : 'length';
    const tokens = logprobs === undefined ? undefined : likelyTokens(slice, logprobs, nameOf);
    const said = { index, text: text.slice(shown), tokens, ...(isEnd && ({ finish } as const)) };
    shown = text.length;
    yield { said, slice };
    if (isEnd) return;
  }
}
