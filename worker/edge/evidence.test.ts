import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { EvidenceRequest } from '#protocol/api/api.ts';
import { signingBytes, verifySignature } from '#protocol/bytes/signature.ts';
import { sampleReceipt } from '#protocol/records/sample-receipt.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { instant } from '#protocol/values/units.ts';
import { askEvidence } from './evidence.ts';
import { makeKeyPair, openSigner } from './signer.ts';

let server: Server | undefined;
afterEach(() => server?.close());

/** A fake hub that answers everything with one body. */
async function serve(answer: object): Promise<{ url: URL; posted: string[] }> {
  const posted: string[] = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      posted.push(`${request.method} ${request.url} ${body}`);
      response.writeHead('error' in answer ? 404 : 200).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}`), posted };
}

it('asks with the signature of the device and gives what the hub answers', async () => {
  const signer = await openSigner(await makeKeyPair(true));
  const page = { receipts: [sampleReceipt()] };
  const { url, posted } = await serve(page);
  expect(await askEvidence(url, signer, { now: instant(5_000) })).toEqual({
    ok: true,
    value: page,
  });
  const [call = ''] = posted;
  expect(call).toMatch(/^POST \/v1\/evidence /);
  const said = decodeJson(EvidenceRequest, call.slice('POST /v1/evidence '.length));
  if (!said.ok) throw new Error(said.refusal.message);
  const { record, signature } = said.value;
  expect(record).toEqual({ device: signer.key, at: 5_000 });
  expect(verifySignature(signer.key, signingBytes('evidence', record), signature)).toBe(true);
});

it('passes on why there is none', async () => {
  const signer = await openSigner(await makeKeyPair(true));
  const error = { code: 'ban-unknown', message: 'this device is not banned' };
  const { url } = await serve({ error });
  expect(await askEvidence(url, signer)).toEqual({ ok: false, refusal: error });
});

it('says that the hub does not answer', async () => {
  const signer = await openSigner(await makeKeyPair(true));
  const { url } = await serve({});
  server?.close();
  expect(await askEvidence(url, signer)).toMatchObject({
    ok: false,
    refusal: { code: 'download-failed' },
  });
});
