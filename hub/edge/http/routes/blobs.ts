import type * as v from 'valibot';
import { decodeWith } from '#protocol/values/decode.ts';
import { Root } from '#protocol/values/ids.ts';
import { refusal } from '#protocol/values/refusal.ts';
import { mayServe } from '../../../core/hub.ts';
import { answerBody, answerRefusal } from '../answer.ts';
import { decodeRange } from '../range.ts';
import type { ApiPorts, Call, Route } from '../route.ts';

/** Named by their content, so they never change. */
const CACHING = { 'Cache-Control': 'public, max-age=31536000, immutable' };

/** The bytes of blobs and their piece layers. */
export const blobRoutes = (ports: ApiPorts): Route[] => [
  {
    method: 'GET',
    path: '/v1/blobs/:root',
    caller: 'anyone',
    answer: (call) => readBlob(ports, call),
  },
  {
    method: 'GET',
    path: '/v1/blobs/:root/pieces',
    caller: 'anyone',
    answer: (call) => readPieces(ports, call),
  },
];

async function readBlob(ports: ApiPorts, { request, param }: Call): Promise<Response> {
  const root = decodeWith(Root, param('root'), 'blob-unknown');
  const size = root.ok ? await sizeOf(ports, root.value) : undefined;
  if (!root.ok || size === undefined) return unknown();
  const etag = `"${root.value}"`;
  const headers = { ...CACHING, ETag: etag, 'Accept-Ranges': 'bytes' };
  if (request.headers.get('if-none-match') === etag) {
    return new Response(null, { status: 304, headers });
  }
  // A range of another version is of no use; this blob has only one version.
  const condition = request.headers.get('if-range');
  const asked = condition === null || condition === etag ? request.headers.get('range') : null;
  const range = decodeRange(asked, size);
  if (range.type === 'unsatisfiable') {
    const answer = answerRefusal(
      refusal('range-invalid', `the blob has ${size} bytes; ask for a range that begins inside`),
    );
    answer.headers.set('Content-Range', `bytes */${size}`);
    return answer;
  }
  const { offset, length } = range.type === 'part' ? range : { offset: 0, length: size };
  const stream = await ports.blobs.stream(root.value, offset, length);
  if (!stream.ok) return answerRefusal(stream.refusal);
  const body = request.method === 'HEAD' ? null : toBody(stream.value, ports);
  const answer = new Response(body, {
    status: range.type === 'part' ? 206 : 200,
    headers: {
      ...headers,
      'Content-Type': 'application/octet-stream',
      'Content-Length': String(length),
      'Cross-Origin-Resource-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
    },
  });
  if (range.type === 'part') {
    answer.headers.set('Content-Range', `bytes ${offset}-${offset + length - 1}/${size}`);
  }
  return answer;
}

/** Reads the next chunk when the socket has room for it; stops reading when the client leaves. */
function toBody(chunks: AsyncIterable<Uint8Array>, { counters }: ApiPorts): ReadableStream {
  const reader = chunks[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await reader.next();
        if (next.done === true) return controller.close();
        counters.blobBytesHttps += next.value.length;
        controller.enqueue(next.value);
      },
      async cancel() {
        await reader.return?.();
      },
    },
    { highWaterMark: 1 },
  );
}

async function readPieces(ports: ApiPorts, { param }: Call): Promise<Response> {
  const root = decodeWith(Root, param('root'), 'blob-unknown');
  if (!root.ok || (await sizeOf(ports, root.value)) === undefined) return unknown();
  const pieces = await ports.blobs.pieces(root.value);
  if (!pieces.ok) return answerRefusal(pieces.refusal);
  const type = { 'Content-Type': 'application/octet-stream' };
  return answerBody(new Uint8Array(pieces.value), { ...CACHING, ...type });
}

const sizeOf = (ports: ApiPorts, root: v.InferOutput<typeof Root>): Promise<number | undefined> =>
  mayServe(ports.hub, root) ? ports.blobs.stat(root) : Promise.resolve(undefined);

const unknown = (): Response =>
  answerRefusal(refusal('blob-unknown', 'no job of this hub has a blob of this root'));
