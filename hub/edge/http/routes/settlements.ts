import { createHash } from 'node:crypto';
import { readFirst } from '#client/body.ts';
import { U64_MAX } from '#protocol/settlement/layout.ts';
import {
  decodeLeafFile,
  LEAF_FILE_BYTES_MAX,
  type LeafTable,
} from '#protocol/settlement/leaf-file.ts';
import { LeafFileList, LeafFileView, LeafProof } from '#protocol/settlement/money-api.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { Digest, type PublicKey } from '#protocol/values/ids.ts';
import { must } from '#protocol/values/refusal.ts';
import { bytes, instant, lamports } from '#protocol/values/units.ts';
import { ticketHolder } from '../../../core/hub.ts';
import { openLeafTrees, TREES_MAX } from '../../chain/leaf-trees.ts';
import { answerBody, reject } from '../answer.ts';
import { bearer } from '../bearer.ts';
import { count, json, raw } from '../describe.ts';
import { readCount } from '../query.ts';
import { type Answer, type ApiPorts, anyone, type Call, type Route, verifier } from '../route.ts';

const PAGE = { otherwise: 20, most: 100 };

const PROOF = { 200: json({ LeafProof }) };

/** Leaf files that verifiers leave: who has one can prove what anyone has earned. */
export function settlementRoutes(ports: ApiPorts): Route[] {
  const prove = openProofs(ports);
  return [
    verifier(
      'POST /v1/settlements',
      {
        does: 'Leaves the leaf file of a settlement.',
        body: raw(),
        answers: { 200: json({ LeafFileView }) },
      },
      openIntake(ports),
    ),
    anyone(
      'GET /v1/settlements',
      {
        does: 'Lists leaf files, the newest first.',
        query: { limit: count('How many the page has at most.', PAGE) },
        answers: { 200: json({ LeafFileList }) },
        cost: 5,
      },
      (call) => list(ports, call),
    ),
    anyone(
      'GET /v1/settlements/:hash/leaves',
      { does: 'Reads the bytes of a leaf file.', answers: { 200: raw() }, cost: 5 },
      (call) => readLeaves(ports, call),
    ),
    anyone(
      'GET /v1/settlements/:hash/claims/:index',
      { does: 'Proves a leaf in the tree of claims.', answers: PROOF, cost: 5 },
      (call) => prove(call, 'claims'),
    ),
    anyone(
      'GET /v1/settlements/:hash/spends/:index',
      { does: 'Proves a leaf in the tree of spends.', answers: PROOF, cost: 5 },
      (call) => prove(call, 'spends'),
    ),
  ];
}

/** A fact that bears an earlier moment is on disk by now: what was public does not change. */
const FACTS_WHOLE_MS = 2_000;

/** One file at a time is in memory. */
function openIntake(ports: ApiPorts): Answer {
  let receiving = false;
  return async ({ request }) => {
    if (receiving) {
      return reject('busy', 'the hub is taking another file; send this one again');
    }
    receiving = true;
    try {
      return await keepFile(ports, request);
    } finally {
      receiving = false;
    }
  };
}

async function keepFile(ports: ApiPorts, request: Request): Promise<LeafFileView> {
  const { hub, settlement, blobs, loop, store } = ports;
  const { bytes: body, isCut } = await readFirst(request, LEAF_FILE_BYTES_MAX);
  if (isCut) {
    return reject('message-too-long', `a leaf file has at most ${LEAF_FILE_BYTES_MAX} bytes`);
  }
  const verifier = ticketHolder(hub, bearer(request) ?? '');
  if (verifier === undefined) return reject('key-wrong', 'this verifier has gone; connect again');
  const file = describeFile(body, verifier);
  if (file.through > ports.clock() - FACTS_WHOLE_MS) {
    const message = `facts are whole up to ${FACTS_WHOLE_MS / 1000} s ago, and this file reaches further: make it again, and set the clock if that is off`;
    return reject('request-invalid', message);
  }
  const known = await store.leafFile(file.dataHash);
  if (known !== undefined) return known.file;
  const pool = must(await settlement.pool());
  if (BigInt(file.period) > pool.period + 1n) {
    const message = `the pool is at period ${pool.period}: a file of period ${file.period} is too early`;
    return reject('leaves-conflict', message);
  }
  const blob = must(await blobs.put(body, LEAF_FILE_BYTES_MAX));
  must(await loop.command({ type: 'leaves', file, root: blob.root }));
  return (await store.leafFile(file.dataHash))?.file ?? file;
}

function describeFile(body: Uint8Array, verifier: PublicKey): LeafFileView {
  const { period, through, claims, spends } = must(decodeLeafFile(body));
  const total = sumOf(claims);
  if (total !== sumOf(spends) || total > U64_MAX || period > BigInt(Number.MAX_SAFE_INTEGER)) {
    const message = `${total} lamports are earned and ${sumOf(spends)} spent in period ${period}: both sides must be the same, and all numbers possible`;
    return reject('settlement-malformed', message);
  }
  return {
    dataHash: createHash('sha256').update(body).digest('hex') as Digest,
    period: Number(period),
    through,
    total: lamports(total),
    claims: claims.cumulative.length,
    spends: spends.cumulative.length,
    length: bytes(body.length),
    verifier,
    at: instant(Date.now()),
  };
}

const sumOf = ({ cumulative }: LeafTable): bigint =>
  cumulative.reduce((sum, each) => sum + each, 0n);

async function list({ store }: ApiPorts, { query }: Call): Promise<LeafFileList> {
  const limit = readCount(query, 'limit', PAGE);
  return { settlements: await store.leafFiles(limit) };
}

async function findFile({ store }: ApiPorts, { param }: Call) {
  const dataHash = decodeWith(Digest, param('hash'), 'leaves-unknown');
  const found = dataHash.ok ? await store.leafFile(dataHash.value) : undefined;
  if (found !== undefined) return found;
  return reject('leaves-unknown', 'no such leaf file is here; GET /v1/settlements lists them');
}

async function readLeaves(ports: ApiPorts, call: Call): Promise<Response> {
  const { file, root } = await findFile(ports, call);
  const stream = must(await ports.blobs.stream(root, 0, file.length));
  return answerBody(ReadableStream.from(stream), {
    'Content-Type': 'application/octet-stream',
    'Content-Length': String(file.length),
    'Cache-Control': 'public, max-age=31536000, immutable',
  });
}

/**
 * Only the newest files are proved from: trees are in memory, and all that is older is covered by
 * newer ones.
 */
function openProofs(ports: ApiPorts) {
  const trees = openLeafTrees();
  return async (call: Call, side: 'claims' | 'spends') => {
    const { file, root } = await findFile(ports, call);
    const newest = await ports.store.leafFiles(TREES_MAX);
    if (!newest.some(({ dataHash }) => dataHash === file.dataHash)) {
      const message = `proofs are made of the newest ${TREES_MAX} files; of this one GET the leaves`;
      return reject('leaves-unknown', message);
    }
    const text = call.param('index');
    if (!/^\d{1,10}$/.test(text)) {
      return reject('request-invalid', 'the index of a leaf is a whole number');
    }
    const { pool } = must(await ports.settlement.view());
    const read = () => ports.blobs.read(root, 0, file.length);
    const { dataHash } = file;
    return must(await trees.prove({ dataHash, pool, side, index: Number(text), read }));
  };
}
