/** What may be shown of a text that is being written. */
export interface ShownText {
  text: string;
  /** A stop text was found: the text ends before it. */
  isStopped: boolean;
}

/** What a tokenizer puts in the place of bytes that are no whole character yet. */
const UNFINISHED = '\uFFFD';

/**
 * What may be shown of a text so far: all before the stop text that is whole first. While it goes on, the
 * end is held back that could be the start of one, or is half a character.
 */
export function showText(
  text: string,
  { stops, isOver }: { stops: readonly string[]; isOver: boolean },
): ShownText {
  const found = stops
    .map((stop) => ({ start: text.indexOf(stop), end: text.indexOf(stop) + stop.length }))
    .filter(({ start }) => start !== -1)
    .sort((a, b) => a.end - b.end || a.start - b.start);
  if (found[0] !== undefined) return { text: text.slice(0, found[0].start), isStopped: true };
  if (isOver) return { text, isStopped: false };
  let end = text.length;
  while (end > 0 && text[end - 1] === UNFINISHED) end -= 1;
  const whole = text.slice(0, end);
  const held = Math.max(0, ...stops.map((stop) => overlapOf(whole, stop)));
  return { text: whole.slice(0, whole.length - held), isStopped: false };
}

/** The longest end of a text that a stop text begins with. */
function overlapOf(text: string, stop: string): number {
  for (let length = Math.min(stop.length - 1, text.length); length > 0; length -= 1) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}
