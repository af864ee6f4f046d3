import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type HubClient, openClient } from '#client/client.ts';
import { cancelJob, listJobs, postJob, readJob } from '#client/jobs.ts';
import { addKey, listKeys, readKey, readOwnKey, revokeKey, shareJobs } from '#client/keys.ts';
import type { JobView } from '#protocol/api/job.ts';
import type { KeyRequest, NewKey } from '#protocol/api/keys.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
import { must, type Result } from '#protocol/values/refusal.ts';
import { instant, lamports } from '#protocol/values/units.ts';
import { fakeModel } from '../../sockets/fake-job.ts';
import { openTestHub } from '../../test-hub.ts';
import { listRoutes } from '../api.ts';
import type { ApiPorts, Route } from '../route.ts';

const hub = openTestHub(() => ({ needsVerifier: false }));
const DAY_MS = 24 * 3_600_000;
let operator: HubClient;

beforeAll(() => {
  operator = openClient({ hub: hub.url, key: hub.key });
});

type Made = NewKey & { client: HubClient };
async function make(request: Partial<KeyRequest> = {}): Promise<Made> {
  const made = must(await addKey(operator, { name: 'someone', ...request }));
  return { ...made, client: openClient({ hub: hub.url, key: made.key, patience: 0 }) };
}

const upload = (items = 2, options: object = {}) => ({
  model: { name: 'net.onnx', data: new Blob([fakeModel]) },
  inputs: [{ name: 'rows.jsonl', data: new Blob([Array(items).fill('{"x":[1,2,3]}').join('\n')]) }],
  options: { name: 'identity', unitItems: 1, ...options },
});
const post = async ({ client }: Made): Promise<JobView> => must(await postJob(client, upload()));
const codeOf = async (call: Promise<Result<unknown>>) => {
  const found = await call;
  return found.ok ? 'accepted' : found.refusal.code;
};

describe('each role meets each route', () => {
  const ports = { store: { keys: {} }, hub: {}, settlement: {} } as unknown as ApiPorts;
  const guarded = listRoutes(ports).filter(({ caller }) => caller !== 'anyone');
  const tokens: Record<string, () => Promise<string | undefined>> = {
    nobody: async () => undefined,
    'a stranger': async () => `pg_${'A'.repeat(43)}`,
    'a revoked operator': async () => {
      const made = await make({ role: 'operator' });
      must(await revokeKey(operator, made.id));
      return made.key;
    },
    'an expired operator': async () =>
      (await make({ role: 'operator', expiresAt: instant(Date.now()) })).key,
    'a reader': async () => (await make({ access: 'read' })).key,
    'a developer': async () => (await make()).key,
    'an operator': async () => hub.key,
  };

  /** What a caller without the right is told; nothing where the call goes on. */
  function refusedOf(who: string, { caller }: Route): string | undefined {
    if (who === 'nobody') return 'key-missing';
    if (!['a reader', 'a developer', 'an operator'].includes(who)) return 'key-wrong';
    if (caller === 'verifier') return 'key-wrong';
    if (caller === 'operator' && who !== 'an operator') return 'key-forbidden';
    if (caller === 'writer' && who === 'a reader') return 'key-forbidden';
    return undefined;
  }

  it.each(Object.keys(tokens))('%s', async (who) => {
    const token = await tokens[who]?.();
    const headers: HeadersInit = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const [said, expected] = [new Map<string, unknown>(), new Map<string, unknown>()];
    for (const route of guarded) {
      const { method, path } = route;
      const place = `${method} ${path}`;
      const called = path.replace(':job', 'job_0123456789abcdef').replace(/:\w+(\{[^}]*\})?/g, 'x');
      const answer = await fetch(`${hub.url}${called}`, { method, headers });
      const { code } = ((await answer.json()) as { error?: { code: string } }).error ?? {};
      const isRefused = ['key-missing', 'key-wrong', 'key-forbidden'].includes(code ?? '');
      said.set(place, isRefused ? code : undefined);
      expected.set(place, refusedOf(who, route));
    }
    expect(said).toEqual(expected);
    expect(guarded.length).toBeGreaterThan(20);
  });
});

describe('jobs belong to the key that posted them', () => {
  it('another key neither sees nor moves them, and the operator does', async () => {
    const [one, other] = [await make(), await make()];
    const job = await post(one);
    const idsOf = async (client: HubClient) =>
      must(await listJobs(client)).jobs.map(({ id }) => id);
    expect(await idsOf(one.client)).toEqual([job.id]);
    expect(await idsOf(other.client)).toEqual([]);
    expect(await idsOf(operator)).toContain(job.id);
    const paths = ['', '/events', '/results', '/receipts', '/package', '/outputs/0'];
    for (const path of paths) {
      const told = other.client.ask({} as never, `/v1/jobs/${job.id}${path}`);
      expect([path, await codeOf(told)]).toEqual([path, 'job-unknown']);
    }
    expect(await codeOf(cancelJob(other.client, job.id))).toBe('job-unknown');
    expect(await codeOf(cancelJob(operator, job.id))).toBe('accepted');
  });

  it('a key shares its jobs for reading or writing, and takes that back', async () => {
    const [one, other, third] = [await make(), await make(), await make()];
    const job = await post(one);
    const share = (access: 'none' | 'read' | 'write', by = one.client) =>
      shareJobs(by, one.id, { with: other.id, access });
    expect(await codeOf(share('read', third.client))).toBe('key-forbidden');
    must(await share('read'));
    expect(must(await listJobs(other.client)).jobs.map(({ id }) => id)).toEqual([job.id]);
    expect(must(await readJob(other.client, job.id)).id).toBe(job.id);
    expect(await codeOf(cancelJob(other.client, job.id))).toBe('key-forbidden');
    expect(await codeOf(readJob(third.client, job.id))).toBe('job-unknown');
    must(await share('none'));
    expect(await codeOf(readJob(other.client, job.id))).toBe('job-unknown');
    must(await share('write', operator));
    expect(must(await cancelJob(other.client, job.id)).state).toBe('cancelled');
    const nobody = 'dev_0123456789abcdef' as DeveloperId;
    const shared = shareJobs(one.client, one.id, { with: nobody, access: 'read' });
    expect(await codeOf(shared)).toBe('key-unknown');
  });
});

describe('a key', () => {
  it('is listed without its text, and tells itself', async () => {
    const budget = { items: 9, lamports: lamports(5n) };
    const made = await make({ name: 'listed', budget, callsPerMinute: 50 });
    const { client, key, ...view } = made;
    expect(must(await listKeys(operator)).keys).toContainEqual(view);
    expect(must(await readOwnKey(client))).toEqual({
      ...view,
      spent: { items: 0, lamports: '0' },
    });
    expect(JSON.stringify(must(await listKeys(operator)))).not.toContain(key.slice(3, 30));
  });

  it('ends at once where it is revoked, and does not revoke itself', async () => {
    const made = await make();
    expect(await codeOf(listJobs(made.client))).toBe('accepted');
    must(await revokeKey(operator, made.id));
    const found = await listJobs(made.client);
    expect(found).toMatchObject({
      refusal: { message: expect.stringContaining('was revoked on') },
    });
    const own = must(await readOwnKey(operator)).id;
    expect(await codeOf(revokeKey(operator, own))).toBe('request-invalid');
    expect(await codeOf(revokeKey(operator, 'dev_0' as DeveloperId))).toBe('key-unknown');
  });

  it('ends when its time is over', async () => {
    const made = await make({ expiresAt: instant(Date.now() + DAY_MS) });
    expect(await codeOf(listJobs(made.client))).toBe('accepted');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * DAY_MS });
    const found = await listJobs(made.client);
    vi.useRealTimers();
    expect(found).toMatchObject({ refusal: { message: expect.stringContaining('expired on') } });
  });

  it('posts as many items as its budget has, and those of jobs that never ran come back', async () => {
    const made = await make({ budget: { items: 5 } });
    const job = await post(made);
    expect(await codeOf(postJob(made.client, upload(4)))).toBe('budget-spent');
    expect(await codeOf(postJob(made.client, upload(3)))).toBe('accepted');
    expect(await codeOf(postJob(made.client, upload(1)))).toBe('budget-spent');
    must(await cancelJob(made.client, job.id));
    expect(await codeOf(postJob(made.client, upload(2)))).toBe('accepted');
    expect(must(await readOwnKey(made.client)).spent).toEqual({ items: 5, lamports: '0' });
    expect(must(await readKey(operator, made.id))).toEqual(must(await readOwnKey(made.client)));
    const none = 'dev_ffffffffffffffff' as DeveloperId;
    expect(await codeOf(readKey(operator, none))).toBe('key-unknown');
  });

  it('gets no more of an event stream soon after it is revoked or expired, or the share is taken back', async () => {
    const owner = await make();
    const job = await post(owner);
    const share = (other: Made, access: 'read' | 'none') =>
      shareJobs(owner.client, owner.id, { with: other.id, access });
    const friend = await make();
    const shared = await make();
    const aging = await make({ expiresAt: instant(Date.now() + 3_000) });
    for (const each of [friend, shared, aging]) must(await share(each, 'read'));
    const watch = async ({ key }: Made) => {
      const headers = { Authorization: `Bearer ${key}` };
      const answer = await fetch(`${hub.url}/v1/jobs/${job.id}/events`, { headers });
      expect(answer.status).toBe(200);
      return answer.text();
    };
    const watching = Promise.all([friend, shared, aging].map(watch));
    const goesOn = watch(owner);
    await new Promise((resolve) => setTimeout(resolve, 500));
    must(await revokeKey(operator, friend.id));
    must(await share(shared, 'none'));
    for (const text of await watching) expect(text).toContain('event: job');
    const { id } = await make();
    expect(await Promise.race([goesOn, Promise.resolve(id)])).toBe(id);
    must(await revokeKey(operator, owner.id));
    await goesOn;
  }, 30_000);

  it('calls as often as its rate allows, and is told how long to wait', async () => {
    const made = await make({ callsPerMinute: 3 });
    const call = () =>
      fetch(`${hub.url}/v1/jobs`, { headers: { Authorization: `Bearer ${made.key}` } });
    const leftOf = ({ headers }: Response) =>
      ['limit', 'remaining'].map((each) => headers.get(`x-ratelimit-${each}-requests`));
    for (let calls = 0; calls < 3; calls += 1) {
      const answer = await call();
      expect([answer.status, ...leftOf(answer)]).toEqual([200, '3', `${2 - calls}`]);
    }
    const late = await call();
    expect([late.status, late.headers.get('retry-after')]).toEqual([429, '20']);
    expect(leftOf(late)).toEqual(['3', '0']);
    expect(late.headers.get('x-ratelimit-reset-requests')).toMatch(/^(1m0|\d\d)s$/);
    const unknown = `${hub.url}/v1/jobs/job_0123456789abcdef`;
    const key = { headers: { Authorization: `Bearer ${hub.key}` } };
    expect(leftOf(await fetch(unknown, key))).toEqual([null, null]);
    const other = await make();
    expect(await codeOf(listJobs(other.client))).toBe('accepted');
  });
});
