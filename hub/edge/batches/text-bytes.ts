const ROOM_LEAST = 64 * 1024;
/** Of UTF-8 for one unit of a string (RFC 3629). */
const BYTES_OF_UNIT = 3;

/** Text that grows, as bytes of UTF-8. */
export interface TextBytes {
  add(text: string): void;
  join(more: Uint8Array): void;
  /** A view of all that was added so far. */
  bytes(): Uint8Array;
}

/** Opens an empty text. */
export function openTextBytes(): TextBytes {
  const encoder = new TextEncoder();
  let room = new Uint8Array(ROOM_LEAST);
  let length = 0;
  const want = (more: number) => {
    if (length + more <= room.length) return;
    const larger = new Uint8Array(Math.max(2 * room.length, length + more));
    larger.set(room.subarray(0, length));
    room = larger;
  };
  return {
    add(text) {
      want(BYTES_OF_UNIT * text.length);
      length += encoder.encodeInto(text, room.subarray(length)).written;
    },
    join(more) {
      want(more.length);
      room.set(more, length);
      length += more.length;
    },
    bytes: () => room.subarray(0, length),
  };
}
