import { PocketgridError, refusal } from '#protocol/values/refusal.ts';

/** A request or an answer. */
type Message = Pick<Request | Response, 'body'>;

/** The chunks of a body as they come. Leaving early ends the download. */
export async function* readChunks({ body }: Message): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = body?.getReader();
  try {
    for (;;) {
      const next = await reader?.read();
      if (next === undefined || next.done) return;
      yield next.value;
    }
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
}

/** The bytes of an answer, whole. Throws `message-too-long` past `bytesMax`. */
export async function readWhole(
  response: Response,
  bytesMax: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { bytes, isCut } = await readFirst(response, bytesMax);
  if (!isCut) return bytes;
  const message = `The hub sent more than ${bytesMax} bytes, which is all there may be.`;
  throw new PocketgridError(refusal('message-too-long', message));
}

/** The first `length` bytes of a body, fewer when it ends before; and whether it went on. */
export async function readFirst(
  message: Message,
  length: number,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; isCut: boolean }> {
  const held: Uint8Array[] = [];
  let have = 0;
  let isCut = false;
  for await (const chunk of readChunks(message)) {
    held.push(chunk.subarray(0, length - have));
    isCut = have + chunk.length > length;
    have = Math.min(length, have + chunk.length);
    if (isCut) break;
  }
  const bytes = new Uint8Array(have);
  let at = 0;
  for (const chunk of held) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return { bytes, isCut };
}
