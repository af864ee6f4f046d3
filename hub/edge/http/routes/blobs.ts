import { decodeWith } from '#protocol/values/decode.ts';
import { Root } from '#protocol/values/ids.ts';
import { must, refusal } from '#protocol/values/refusal.ts';
import { type BlobRights, covers, isModelFile } from '../../../core/hub.ts';
import { answerBody, answerRefusal, reject } from '../answer.ts';
import { bearer } from '../bearer.ts';
import { isApiKey, rightsOf } from '../blob-access.ts';
import { NOTHING, raw } from '../describe.ts';
import { decodeRange } from '../range.ts';
import { type ApiPorts, anyone, type Call, type Route } from '../route.ts';
import { streamBody } from '../stream-body.ts';

/** Named by their content, so they never change. */
const KEPT = { 'Cache-Control': 'private, max-age=31536000, immutable' };
/** What a device computes on is somebody else's: its browser keeps none of it on disk. */
const BRIEF = { 'Cache-Control': 'no-store' };

/** The bytes of blobs and their piece layers. */
export const blobRoutes = (ports: ApiPorts): Route[] => [
  anyone(
    'GET /v1/blobs/:root',
    {
      does: 'Reads a blob, whole or one `Range`: with an API key of jobs that it may read, with a ticket what its work needs.',
      answers: { 200: raw(), 206: raw(), 304: NOTHING },
      takesToken: true,
    },
    (call) => readBlob(ports, call),
  ),
  anyone(
    'GET /v1/blobs/:root/pieces',
    {
      does: 'Reads the piece layer of a blob: 32 bytes for each piece of 256 KiB, none for a single piece.',
      answers: { 200: raw() },
      takesToken: true,
    },
    (call) => readPieces(ports, call),
  ),
];

async function readBlob(ports: ApiPorts, call: Call): Promise<Response> {
  const { request } = call;
  const { root, size, rights, caching } = await findBlob(ports, call);
  const etag = `"${root}"`;
  const headers = { ...caching, ETag: etag, 'Accept-Ranges': 'bytes' };
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
  if (!covers(rights, offset, length)) {
    const message = `your leases do not cover bytes ${offset} to ${offset + length - 1} of this blob`;
    return reject('key-forbidden', message);
  }
  const stream = must(await ports.blobs.stream(root, offset, length));
  const body = request.method === 'HEAD' ? null : streamBody(count(stream, ports));
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

/** Counts what leaves over HTTPS. */
async function* count(chunks: AsyncIterable<Uint8Array>, { counters }: ApiPorts) {
  for await (const chunk of chunks) {
    counters.blobBytesHttps += chunk.length;
    yield chunk;
  }
}

async function readPieces(ports: ApiPorts, call: Call): Promise<Response> {
  const { root, caching } = await findBlob(ports, call);
  const pieces = must(await ports.blobs.pieces(root));
  const type = { 'Content-Type': 'application/octet-stream' };
  return answerBody(new Uint8Array(pieces), { ...caching, ...type });
}

/** The blob named in the path, and what of it the caller may read: something. */
async function findBlob(
  ports: ApiPorts,
  { request, param }: Call,
): Promise<{ root: Root; size: number; rights: BlobRights; caching: typeof KEPT }> {
  const root = decodeWith(Root, param('root'), 'blob-unknown');
  if (root.ok) {
    const token = bearer(request);
    const rights = await rightsOf(ports, token, root.value);
    const size = rights.length > 0 ? await ports.blobs.stat(root.value) : undefined;
    const isKept = isApiKey(token) || isModelFile(ports.hub, root.value);
    const caching = isKept ? KEPT : BRIEF;
    if (size !== undefined) return { root: root.value, size, rights, caching };
  }
  return reject('blob-unknown', 'no work or job of yours has a blob of this root');
}
