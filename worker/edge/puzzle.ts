import { type Puzzle, solvePuzzle } from '#protocol/bytes/puzzle.ts';
import type { Nonce } from '#protocol/values/ids.ts';

/** Some 20 ms on a phone. */
const TRIES_AT_ONCE = 1_024;

/**
 * Searches the answer to a puzzle in short parts, between which other events have their turn. Ends
 * without one once `isWanted` is false.
 */
export async function searchAnswer(
  puzzle: Puzzle & { nonce: Nonce },
  isWanted: () => boolean,
): Promise<number | undefined> {
  for (let first = 0; isWanted(); first += TRIES_AT_ONCE) {
    const answer = solvePuzzle(puzzle, { first, tries: TRIES_AT_ONCE });
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return undefined;
}
