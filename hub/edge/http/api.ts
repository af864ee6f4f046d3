import { randomBytes } from 'node:crypto';
import { Hono } from 'hono';
import { PocketgridError, refusal } from '#protocol/values/refusal.ts';
import type { HubMetrics } from '../process/metrics.ts';
import { nameNetwork } from '../process/networks.ts';
import { answerRefusal, answerWait } from './answer.ts';
import { bearer } from './bearer.ts';
import { type CallLimits, openCallLimits, rateHeaders } from './call-limits.ts';
import { openCallPlaces } from './call-places.ts';
import { checkKey, checkVerifier } from './callers.ts';
import { findJob } from './job-access.ts';
import { openLanes } from './lanes/lanes.ts';
import { openRepeats, type Repeats } from './repeats.ts';
import { answerError, type Place, respond } from './respond.ts';
import { type ApiPorts, type Call, isRepeatable, type KeyCall, type Route } from './route.ts';
import { banRoutes } from './routes/bans.ts';
import { batchRoutes } from './routes/batches.ts';
import { blobRoutes } from './routes/blobs.ts';
import { chainRoutes } from './routes/chain.ts';
import { completionRoutes } from './routes/completions.ts';
import { createRoutes } from './routes/create.ts';
import { withDescription } from './routes/description.ts';
import { exportRoutes } from './routes/exports.ts';
import { fileRoutes } from './routes/files.ts';
import { gridRoutes } from './routes/grid.ts';
import { inputRoutes } from './routes/inputs.ts';
import { jobRoutes } from './routes/jobs.ts';
import { keyRoutes } from './routes/keys.ts';
import { logRoutes } from './routes/log.ts';
import { modelRoutes } from './routes/models.ts';
import { moneyRoutes } from './routes/money.ts';
import { moneyLogRoutes } from './routes/money-log.ts';
import { outputRoutes } from './routes/outputs.ts';
import { profileRoutes } from './routes/profiles.ts';
import { quoteRoutes } from './routes/quotes.ts';
import { requestRoutes } from './routes/requests.ts';
import { resultRoutes } from './routes/results.ts';
import { settlementRoutes } from './routes/settlements.ts';
import { webhookRoutes } from './routes/webhooks.ts';

/**
 * Everything a hub answers over HTTP: the calls of `listRoutes`, `/metrics`.
 * No CORS headers anywhere: pages of other origins cannot read any of it. `context` comes from the
 * server: who calls.
 */
export function openApi(
  ports: ApiPorts,
  metrics: HubMetrics,
): (request: Request, context?: CallContext) => Promise<Response> {
  const app = new Hono<{ Bindings: CallContext }>();
  const guards = { limits: openCallLimits(), repeats: openRepeats(ports) };
  for (const route of listRoutes(ports)) addRoute(app, { ports, guards }, route);
  app.get('/metrics', async () => {
    return new Response(await metrics.text(), { headers: { 'Content-Type': metrics.contentType } });
  });
  app.notFound((context) => notFound(context.req.path));
  app.onError((error, context) => answerError({ ...ports, path: context.req.path }, error));
  return async (request, context) => {
    const answer = await app.fetch(request, context);
    metrics.countCall(answer.status);
    answer.headers.set('X-Request-Id', `req_${randomBytes(12).toString('hex')}`);
    return answer;
  };
}

/** Every call of the API. */
export function listRoutes(ports: ApiPorts): Route[] {
  const places = openCallPlaces();
  const lanes = openLanes(ports);
  return withDescription([
    ...createRoutes(ports, places),
    ...quoteRoutes(ports),
    ...profileRoutes(ports),
    ...modelRoutes(ports, places),
    ...fileRoutes(ports, places),
    ...batchRoutes(ports),
    ...webhookRoutes(ports),
    ...requestRoutes(ports, lanes),
    ...completionRoutes(ports, lanes),
    ...inputRoutes(ports, places),
    ...jobRoutes(ports),
    ...keyRoutes(ports),
    ...resultRoutes(ports),
    ...exportRoutes(ports),
    ...blobRoutes(ports),
    ...outputRoutes(ports),
    ...gridRoutes(ports),
    ...banRoutes(ports),
    ...logRoutes(ports),
    ...chainRoutes(ports),
    ...moneyRoutes(ports),
    ...moneyLogRoutes(ports),
    ...settlementRoutes(ports),
  ]);
}

/** Of a call that a server took from a socket. */
interface CallContext {
  incoming: { socket: { remoteAddress?: string | undefined } };
}

/** What stands before the work of a call. */
interface Guards {
  limits: CallLimits;
  repeats: Repeats;
}

function addRoute(
  app: Hono<{ Bindings: CallContext }>,
  { ports, guards }: { ports: ApiPorts; guards: Guards },
  route: Route,
): void {
  app.on(route.method, route.path, async (context) => {
    const request = context.req.raw;
    const address = context.env?.incoming?.socket.remoteAddress;
    const late = guards.limits.take(address, route.description.cost ?? 0);
    if (late !== undefined) return answerWait(late);
    const call: Call = {
      request,
      param: (name) => context.req.param(name) ?? '',
      query: new URL(request.url).searchParams,
      caller: nameNetwork(address),
    };
    const place = { log: ports.log, path: context.req.path };
    return respond(place, () => answerCall(ports, { route, guards, place }, call));
  });
}

async function answerCall(
  ports: ApiPorts,
  { route, guards, place }: { route: Route; guards: Guards; place: Place },
  call: Call,
): Promise<unknown> {
  const token = bearer(call.request);
  if (route.caller === 'anyone') return route.answer(call);
  if (route.caller === 'verifier') {
    checkVerifier(ports, token);
    return route.answer(call);
  }
  const key = await checkKey(ports, token, route.caller);
  const taken = guards.limits.takeCall(key);
  if (taken?.late !== undefined) return answerWait(taken.late, rateHeaders(taken));
  const need = route.caller === 'reader' ? ('read' as const) : ('write' as const);
  const by = { key, need };
  const { caller } = route;
  const mayGoOn = () => holds(ports, { token, caller, call: { ...call, by } });
  const newId = (bytes: number) => randomBytes(bytes).toString('hex');
  const work = (own: KeyCall) => respond(place, () => route.answer(own));
  const own = { ...call, by, key, mayGoOn, newId };
  const answer = await (isRepeatable(route) ? guards.repeats(own, work) : work(own));
  const told = Object.entries(taken === undefined ? {} : rateHeaders(taken));
  for (const [name, value] of told) answer.headers.set(name, value);
  return answer;
}

/** Whether a call with an API key would be taken once more. */
async function holds(
  ports: ApiPorts,
  again: { token: string | undefined; caller: Guarded; call: Call },
): Promise<boolean> {
  try {
    await checkKey(ports, again.token, again.caller);
    if (again.call.param('job') !== '') await findJob(ports, again.call);
    return true;
  } catch (error) {
    if (error instanceof PocketgridError) return false;
    throw error;
  }
}
type Guarded = Parameters<typeof checkKey>[2];

const notFound = (path: string): Response =>
  answerRefusal(
    refusal(
      'not-found',
      path.startsWith('/v1/')
        ? `nothing answers ${path.slice(0, 200)}; GET /v1/openapi.json describes the calls, /v1/docs shows them`
        : `there is no page ${path.slice(0, 200)}; if the app is missing, run \`npm run build\``,
    ),
  );
