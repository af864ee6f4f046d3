import type { JobView } from '#protocol/api/job.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { type HubClient, openClient } from '../client.ts';

/** A hub whose answer to a line is the line: what a test sees of jobs and calls. */
export interface FakeJobs {
  hub: HubClient;
  /** Lines of each job, in the order they were posted. */
  posted: string[][];
  options: Record<string, unknown>[];
  cancelled: string[];
  /** Jobs that are at work until they are let go. */
  held: Set<number>;
  letGo(job: number): void;
  /** How a job ends, where it is not done. */
  ends: Map<number, Partial<JobView>>;
  /** Calls that are refused before all others: a status and a code. */
  refusals: [status: number, code: string][];
  /** Answers with results break off after so many lines. */
  breaks: number[];
  /** The first item of each call for results. */
  asked: number[];
}

/** Opens one. A real hub and its devices stand in `scripts/package-client`; none breaks off when asked to. */
export function openFakeJobs(): FakeJobs {
  const waits = new Map<number, () => void>();
  const fake: FakeJobs = {
    hub: openClient({ hub: 'http://hub', retries: 0, send: (request) => answer(fake, request) }),
    ...{ posted: [], options: [], cancelled: [], ends: new Map(), refusals: [], breaks: [] },
    ...{ asked: [], held: new Set() },
    letGo(job) {
      fake.held.delete(job);
      waits.get(job)?.();
    },
  };
  async function answer(fake: FakeJobs, request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const [, , , id = '', what] = pathname.split('/');
    const number = Number.parseInt(id.slice(4), 16);
    const refused = fake.refusals.shift();
    if (refused !== undefined) return refuse(...refused);
    if (request.method === 'POST' && id === '') return Response.json(await post(fake, request));
    if (what === 'cancel') {
      fake.cancelled.push(id);
      return Response.json(view(number, { state: 'cancelled' }));
    }
    if (what === 'events') {
      const wait = new Promise<void>((resolve) => waits.set(number, resolve));
      const isHeld = fake.held.has(number);
      return streamOf(async () => {
        if (isHeld) await Promise.race([wait, gone(request.signal)]);
        const job = view(number, {
          items: fake.posted[number]?.length ?? 0,
          ...fake.ends.get(number),
        });
        return `event: job\ndata: ${JSON.stringify({ at: 1, job })}\n\n`;
      });
    }
    const from = Number(searchParams.get('from'));
    fake.asked.push(from);
    const lines = (fake.posted[number] ?? []).slice(from).map((line) => `${line}\n`);
    const cut = fake.breaks.shift();
    return cut === undefined ? new Response(lines.join('')) : broken(lines.slice(0, cut));
  }
  return fake;
}

async function post(fake: FakeJobs, request: Request): Promise<JobView> {
  // Places are given in the order of the calls, whichever form is read first.
  const place = fake.posted.push([]) - 1;
  const form = await request.formData();
  const inputs = await Promise.all(form.getAll('inputs').map((file) => new Response(file).text()));
  const lines = inputs.length > 1 ? inputs : (inputs[0] ?? '').trim().split('\n');
  fake.options[place] = JSON.parse(String(form.get('options')));
  fake.posted[place] = lines;
  return view(place, { state: 'checking' });
}

const refuse = (status: number, code: string) =>
  Response.json({ error: { code, message: 'no' } }, { status });

const gone = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));

const streamOf = (next: () => Promise<string>) =>
  new Response(
    new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode(await next()));
        controller.close();
      },
    }),
  );

/** A body that breaks off behind these lines, in the middle of the next one. */
const broken = (lines: readonly string[]) => {
  const chunks = [...lines, '{"cut'].values();
  return new Response(
    new ReadableStream<Uint8Array>({
      pull(controller) {
        const { value, done } = chunks.next();
        if (done === true) controller.error(new TypeError('terminated'));
        else controller.enqueue(new TextEncoder().encode(value));
      },
    }),
  );
};

const idOf = (number: number) => `job_${number.toString(16).padStart(16, '0')}` as JobId;

const view = (number: number, more: Partial<JobView>): JobView =>
  ({
    ...{ id: idOf(number), name: 'map', purpose: 'Maps items', category: 'other', state: 'done' },
    reason: { code: 'posted', values: {} },
    ...{ createdAt: 1, inputs: [], outputs: [], unitItems: 1, items: 1, units: 1, accepted: 1 },
    ...{ failed: 0, assurance: 'instant', unitPrice: '0', released: 1, leased: 0, devices: 0 },
    ...{ checked: 0, mismatched: 0, requeued: 0, ...more },
  }) as JobView;
