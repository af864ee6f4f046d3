/** One event of a `text/event-stream` body (HTML Living Standard, §9.2.6). */
export interface StreamEvent {
  event: string;
  data: string;
}

/** An event larger than this is dropped with what was read of it. */
export const EVENT_CHARACTERS_MAX = 1_000_000;

/** Cuts what was read so far into events and the rest that is still incomplete. */
export function decodeEvents(text: string): { events: StreamEvent[]; rest: string } {
  const blocks = text.split(/\r\n\r\n|\n\n|\r\r/);
  const rest = blocks.pop() ?? '';
  const events: StreamEvent[] = [];
  for (const block of blocks) {
    let event = 'message';
    const data: string[] = [];
    for (const line of block.split(/\r\n|\n|\r/)) {
      const colon = line.indexOf(':');
      const field = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') event = value;
      if (field === 'data') data.push(value);
    }
    if (data.length > 0) events.push({ event, data: data.join('\n') });
  }
  return { events, rest: rest.length > EVENT_CHARACTERS_MAX ? '' : rest };
}
