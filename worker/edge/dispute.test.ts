import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { DisputeRequest } from '#protocol/api.ts';
import { decodeJson } from '#protocol/decode.ts';
import { signingBytes, verifySignature } from '#protocol/signature.ts';
import { instant } from '#protocol/units.ts';
import { describeDispute, disputeConviction } from './dispute.ts';
import { makeKeyPair, openSigner } from './signer.ts';

let server: Server | undefined;
afterEach(() => server?.close());

/** A fake hub that answers each method with one body. */
async function serve(answers: {
  GET: object;
  POST?: object;
}): Promise<{ url: URL; posted: string[] }> {
  const posted: string[] = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      if (request.method === 'POST') posted.push(body);
      response.end(JSON.stringify(request.method === 'POST' ? answers.POST : answers.GET));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}`), posted };
}

const JOB = { job: 'job_0123456789abcdef', unit: 7 };
const refused = { error: { code: 'dispute-closed', message: 'no other verifier is enrolled' } };

it('signs the dispute with the key of the device', async () => {
  const signer = await openSigner(await makeKeyPair(true));
  const open = { state: 'open', ...JOB, against: 1, inFavour: 0 };
  const { url, posted } = await serve({ GET: { state: 'none' }, POST: open });
  expect(describeDispute(await disputeConviction(url, signer, instant(5_000)))).toContain('unit 7');
  const said = decodeJson(DisputeRequest, posted[0] ?? '');
  if (!said.ok) throw new Error(said.refusal.message);
  const { record, signature } = said.value;
  expect(record).toEqual({ device: signer.key, at: 5_000 });
  expect(verifySignature(signer.key, signingBytes('dispute', record), signature)).toBe(true);
});

it('says how far a dispute is, and disputes nothing twice', async () => {
  const signer = await openSigner(await makeKeyPair(true));
  const { url, posted } = await serve({
    GET: { state: 'overturned', ...JOB, against: 1, inFavour: 2 },
  });
  expect(describeDispute(await disputeConviction(url, signer))).toMatch(/^overturned; unit 7/);
  expect(posted).toEqual([]);
});

it('passes on why there is none', async () => {
  const signer = await openSigner(await makeKeyPair(true));
  const { url } = await serve({ GET: { state: 'none' }, POST: refused });
  expect(describeDispute(await disputeConviction(url, signer))).toBe(
    'no dispute: no other verifier is enrolled',
  );
});

it('says that the hub does not answer', async () => {
  const signer = await openSigner(await makeKeyPair(true));
  const { url } = await serve({ GET: { state: 'none' } });
  server?.close();
  expect(await disputeConviction(url, signer)).toMatchObject({
    ok: false,
    refusal: { code: 'download-failed' },
  });
});
