import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { PocketgridError, type Refusal, refusal } from '#protocol/values/refusal.ts';
import { readSpool } from '../../inputs/spool.ts';
import { receiveUpload } from './upload.ts';

const folder = openTestFolder();
const BOUNDARY = 'b0';
const part = (head: string, body: string) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
const FORM = [
  part('name="model"; filename="a.onnx"', 'model'),
  part('name="inputs"; filename="1.npy"', 'one'),
  part('name="inputs"; filename="2.npy"', 'second'),
  part('name="options"', '{"name":"job"}'),
  `--${BOUNDARY}--\r\n`,
];

/** A form that comes in these pieces, and then nothing, or its end. */
function send(pieces: readonly string[], ends: boolean) {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      if (ends) controller.close();
    },
  });
  const headers = { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` };
  return new Request('http://hub/v1/jobs', {
    method: 'POST',
    headers,
    body,
    ...{ duplex: 'half' },
  });
}
const uploads = (full?: Refusal) => ({
  ...{ folder, silenceMs: 50 },
  space: { take: async () => full },
});
const refusalOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: unknown) => (error instanceof PocketgridError ? error.refusal : error),
  );

describe('an upload', () => {
  it('lies on disk, file by file, until it is closed', async () => {
    const { form, close } = await receiveUpload(send(FORM, true), uploads());
    expect(form.options).toEqual({ name: 'job' });
    const files = await readSpool(form.inputs);
    expect(files.map(({ name, bytes }) => [name, String(bytes)])).toEqual([
      ['1.npy', 'one'],
      ['2.npy', 'second'],
    ]);
    await close();
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([0, 1, 2, 3])('whose sender falls silent after %i parts is given up', async (parts) => {
    const sent = receiveUpload(send(FORM.slice(0, parts), false), uploads());
    const found = await refusalOf(sent);
    expect(found).toMatchObject({ message: expect.stringMatching(/nothing came for/) });
    expect(await readdir(folder)).toEqual([]);
  });

  it('is refused where the disk is full, and leaves nothing there', async () => {
    const full = refusal('disk-full', 'full');
    const found = await refusalOf(receiveUpload(send(FORM, true), uploads(full)));
    expect(found).toEqual(full);
    expect(await readdir(folder)).toEqual([]);
  });
});
