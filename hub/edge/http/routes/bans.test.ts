import { beforeAll, expect, it } from 'vitest';
import { ReceiptPage } from '#protocol/api/api.ts';
import { decodeBase64 } from '#protocol/bytes/base64.ts';
import { bytesToHex } from '#protocol/bytes/digest.ts';
import { checkReceipt } from '#protocol/records/receipt-check.ts';
import type { AcceptedShard } from '#protocol/records/records.ts';
import { sampleVerdict } from '#protocol/records/sample-verdict.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import type { Digest } from '#protocol/values/ids.ts';
import { instant } from '#protocol/values/units.ts';
import {
  deliver,
  type FakeClient,
  makeFakeKey,
  openFakeSession,
} from '../../sockets/fake-client.ts';
import { openFakeDevice, postFakeJob, prepareFakeJob } from '../../sockets/fake-job.ts';
import { openTestHub } from '../../test-hub.ts';

const UNIT_BYTES = 12;

let verifier: FakeClient;
const verifierKey = makeFakeKey();
const device = makeFakeKey();
const stranger = makeFakeKey();

const hub = openTestHub(() => ({
  chain: 'none',
  verifierKeys: [verifierKey.key],
  needsVerifier: true,
}));

/** The only verifier finds the first unit of the device wrong. */
beforeAll(async () => {
  await postFakeJob(hub, { units: 50, autoStart: true });
  verifier = await prepareFakeJob(hub.url, verifierKey);
  const contributor = await openFakeDevice(hub.url, { who: device });
  const { lease } = await contributor.until('lease');
  await deliver(contributor, lease, new Uint8Array(lease.unitCount * UNIT_BYTES));
  verifier.say({ type: 'verdict', signed: ban((await verifier.until('check')).shard) });
  expect(await contributor.until('refused')).toMatchObject({ code: 'device-banned' });
});

function ban(shard: AcceptedShard) {
  const digests = decodeBase64(shard.digests);
  if (!digests.ok) throw new Error(digests.refusal.message);
  const claimed = bytesToHex(digests.value.subarray(0, 32)) as Digest;
  const reference = '02'.repeat(32) as Digest;
  const verdict = sampleVerdict(
    { verifier: verifierKey.key, shard, unit: shard.firstUnit, claimed },
    { kind: 'mismatch', reference, l2: 1, max: 1, runs: 2 },
  );
  return { verdict, signature: verifierKey.sign('verdict', verdict) };
}

async function post(path: string, body: unknown, token?: string) {
  const headers: Record<string, string> =
    token === undefined ? {} : { Authorization: `Bearer ${token}` };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  const answer = await fetch(`${hub.url}${path}`, init);
  const said = (await answer.json()) as { error?: { code: string } };
  return { status: answer.status, code: said.error?.code, said };
}

function ask(who = device, at = Date.now(), about = who.key) {
  const record = { device: about, at: instant(at) };
  return post('/v1/evidence', { record, signature: who.sign('evidence', record) });
}

const pardon = (token?: string, reason = 'a bad driver') =>
  post(`/v1/devices/${device.key}/pardon`, { reason }, token);
const bans = async () => (await fetch(`${hub.url}/v1/log/bans`)).json();

it('a banned device gets a receipt that holds, with the verdict that it is banned for', async () => {
  const { said } = await ask();
  const page = decodeWith(ReceiptPage, said);
  if (!page.ok) throw new Error(page.refusal.message);
  const [receipt] = page.value.receipts;
  if (receipt === undefined) throw new Error('no receipt came');
  expect(checkReceipt(receipt, hub.hub)).toEqual([]);
  expect(receipt.shard.device).toBe(device.key);
  expect(receipt.verdicts.map(({ verdict }) => verdict.kind)).toEqual(['mismatch']);
});

it('evidence is given to nobody but the device, and for a question of now', async () => {
  expect(await ask(stranger, Date.now(), device.key)).toMatchObject({ code: 'signature-wrong' });
  expect(await ask(stranger)).toMatchObject({ status: 404, code: 'ban-unknown' });
  expect(await ask(device, Date.now() - 3_600_000)).toMatchObject({ code: 'request-invalid' });
});

it('a ban is lifted by an API key and a reason alone, and the reason is public', async () => {
  expect(await pardon()).toMatchObject({ status: 401 });
  expect(await pardon(hub.key, '  ')).toMatchObject({ status: 400 });
  expect(await post(`/v1/devices/${stranger.key}/pardon`, { reason: 'x' }, hub.key)).toMatchObject({
    status: 404,
    code: 'ban-unknown',
  });
  const { status, said } = await pardon(hub.key);
  expect(status).toBe(200);
  expect(said).toMatchObject({ number: 1, device: device.key, pardonReason: 'a bad driver' });
  expect(await bans()).toMatchObject({ bans: [said] });
  expect(await ask()).toMatchObject({ code: 'ban-unknown' });
});

it('a pardoned device is welcome again, also after the hub was started anew', async () => {
  (await openFakeSession(hub.url, 'contributor', device)).socket.close();
  verifier.socket.close();
  await hub.close();
  await hub.open();
  (await openFakeSession(hub.url, 'contributor', device)).socket.close();
  expect(await bans()).toMatchObject({ bans: [{ pardonReason: 'a bad driver' }] });
});
