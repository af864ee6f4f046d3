import { createHash } from 'node:crypto';
import { U64_MAX } from '#protocol/settlement/layout.ts';
import {
  decodeLeafFile,
  LEAF_FILE_BYTES_MAX,
  type LeafTable,
} from '#protocol/settlement/leaf-file.ts';
import type { LeafFileList, LeafFileView } from '#protocol/settlement/money-api.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { Digest, type PublicKey } from '#protocol/values/ids.ts';
import { accept, type Result, refusal, refuse } from '#protocol/values/refusal.ts';
import { bytes, instant, lamports } from '#protocol/values/units.ts';
import { leafFileOf, listFiles, ticketHolder } from '../../../core/hub.ts';
import { openLeafTrees, TREES_MAX } from '../../chain/leaf-trees.ts';
import { readBody } from '../../process/body.ts';
import { answerBody, answerJson, answerRefusal } from '../answer.ts';
import { bearer } from '../bearer.ts';
import { readCount } from '../query.ts';
import type { Answer, ApiPorts, Call, Route } from '../route.ts';

const FILES_SHOWN_MAX = 100;

/** Leaf files that verifiers leave: who has one can prove what anyone has earned. */
export function settlementRoutes(ports: ApiPorts): Route[] {
  const prove = openProofs(ports);
  return [
    {
      method: 'POST',
      path: '/v1/settlements',
      caller: 'verifier',
      answer: openIntake(ports),
    },
    {
      method: 'GET',
      path: '/v1/settlements',
      caller: 'anyone',
      cost: 5,
      answer: (call) => list(ports, call),
    },
    {
      method: 'GET',
      path: '/v1/settlements/:hash/leaves',
      caller: 'anyone',
      cost: 5,
      answer: (call) => readLeaves(ports, call),
    },
    {
      method: 'GET',
      path: '/v1/settlements/:hash/claims/:index',
      caller: 'anyone',
      cost: 5,
      answer: (call) => prove(call, 'claims'),
    },
    {
      method: 'GET',
      path: '/v1/settlements/:hash/spends/:index',
      caller: 'anyone',
      cost: 5,
      answer: (call) => prove(call, 'spends'),
    },
  ];
}

/** A fact that bears an earlier moment is on disk by now: what was public does not change. */
const FACTS_WHOLE_MS = 2_000;

/** One file at a time is in memory. */
function openIntake(ports: ApiPorts): Answer {
  let receiving = false;
  return async ({ request }) => {
    if (receiving) {
      return answerRefusal(refusal('busy', 'the hub is taking another file; send this one again'));
    }
    receiving = true;
    try {
      const kept = await keepFile(ports, request);
      return kept.ok ? answerJson(kept.value) : answerRefusal(kept.refusal);
    } finally {
      receiving = false;
    }
  };
}

async function keepFile(ports: ApiPorts, request: Request): Promise<Result<LeafFileView>> {
  const { hub, settlement, blobs, loop } = ports;
  const body = await readBody(request, LEAF_FILE_BYTES_MAX);
  if (body === undefined) {
    return refuse('message-too-long', `a leaf file has at most ${LEAF_FILE_BYTES_MAX} bytes`);
  }
  const verifier = ticketHolder(hub, bearer(request) ?? '');
  if (verifier === undefined) return refuse('key-wrong', 'this verifier has gone; connect again');
  const file = describeFile(body, verifier);
  if (!file.ok) return file;
  if (file.value.through > Date.now() - FACTS_WHOLE_MS) {
    const message = `facts are whole up to ${FACTS_WHOLE_MS / 1000} s ago, and this file reaches further: make it again, and set the clock if that is off`;
    return refuse('request-invalid', message);
  }
  const pool = await settlement.pool();
  if (!pool.ok) return pool;
  if (BigInt(file.value.period) > pool.value.period + 1n) {
    const message = `the pool is at period ${pool.value.period}: a file of period ${file.value.period} is too early`;
    return refuse('leaves-conflict', message);
  }
  const blob = await blobs.put(body, LEAF_FILE_BYTES_MAX);
  if (!blob.ok) return blob;
  const said = await loop.command({ type: 'leaves', file: file.value, root: blob.value.root });
  if (!said.ok) return said;
  return accept(leafFileOf(hub, file.value.dataHash)?.file ?? file.value);
}

function describeFile(body: Uint8Array, verifier: PublicKey): Result<LeafFileView> {
  const leaves = decodeLeafFile(body);
  if (!leaves.ok) return leaves;
  const { period, through, claims, spends } = leaves.value;
  const total = sumOf(claims);
  if (total !== sumOf(spends) || total > U64_MAX || period > BigInt(Number.MAX_SAFE_INTEGER)) {
    const message = `${total} lamports are earned and ${sumOf(spends)} spent in period ${period}: both sides must be the same, and all numbers possible`;
    return refuse('settlement-malformed', message);
  }
  return accept({
    dataHash: createHash('sha256').update(body).digest('hex') as Digest,
    period: Number(period),
    through,
    total: lamports(total),
    claims: claims.cumulative.length,
    spends: spends.cumulative.length,
    length: bytes(body.length),
    verifier,
    at: instant(Date.now()),
  });
}

const sumOf = ({ cumulative }: LeafTable): bigint =>
  cumulative.reduce((sum, each) => sum + each, 0n);

function list({ hub }: ApiPorts, { query }: Call): Response {
  const limit = readCount(query, 'limit', { otherwise: 20, most: FILES_SHOWN_MAX });
  if (!limit.ok) return answerRefusal(limit.refusal);
  return answerJson({ settlements: listFiles(hub, limit.value) } satisfies LeafFileList);
}

function findFile({ hub }: ApiPorts, { param }: Call) {
  const dataHash = decodeWith(Digest, param('hash'), 'leaves-unknown');
  const found = dataHash.ok ? leafFileOf(hub, dataHash.value) : undefined;
  if (found !== undefined) return accept(found);
  return refuse('leaves-unknown', 'no such leaf file is here; GET /v1/settlements lists them');
}

async function readLeaves(ports: ApiPorts, call: Call): Promise<Response> {
  const found = findFile(ports, call);
  if (!found.ok) return answerRefusal(found.refusal);
  const { file, root } = found.value;
  const stream = await ports.blobs.stream(root, 0, file.length);
  if (!stream.ok) return answerRefusal(stream.refusal);
  return answerBody(ReadableStream.from(stream.value), {
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
  return async (call: Call, side: 'claims' | 'spends'): Promise<Response> => {
    const found = findFile(ports, call);
    if (!found.ok) return answerRefusal(found.refusal);
    const { file, root } = found.value;
    if (!listFiles(ports.hub, TREES_MAX).includes(file)) {
      const message = `proofs are made of the newest ${TREES_MAX} files; of this one GET the leaves`;
      return answerRefusal(refusal('leaves-unknown', message));
    }
    const text = call.param('index');
    if (!/^\d{1,10}$/.test(text)) {
      return answerRefusal(refusal('request-invalid', 'the index of a leaf is a whole number'));
    }
    const chain = await ports.settlement.view();
    if (!chain.ok) return answerRefusal(chain.refusal);
    const { pool } = chain.value;
    const read = () => ports.blobs.read(root, 0, file.length);
    const { dataHash } = file;
    const proof = await trees.prove({ dataHash, pool, side, index: Number(text), read });
    return proof.ok ? answerJson(proof.value) : answerRefusal(proof.refusal);
  };
}
