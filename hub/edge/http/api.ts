import { Hono } from 'hono';
import { API_KEY_PREFIX } from '#protocol/api/api.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
import { PocketgridError, refusal } from '#protocol/values/refusal.ts';
import { ticketHolder } from '../../core/hub.ts';
import type { HubMetrics } from '../process/metrics.ts';
import { answerJson, answerNothing, answerRefusal, answerWait, reject } from './answer.ts';
import { findDeveloper } from './api-keys.ts';
import { bearer } from './bearer.ts';
import { type CallLimits, openCallLimits } from './call-limits.ts';
import type { ApiPorts, Call, Route } from './route.ts';
import { banRoutes } from './routes/bans.ts';
import { blobRoutes } from './routes/blobs.ts';
import { chainRoutes } from './routes/chain.ts';
import { createRoutes } from './routes/create.ts';
import { gridRoutes } from './routes/grid.ts';
import { jobRoutes } from './routes/jobs.ts';
import { logRoutes } from './routes/log.ts';
import { moneyRoutes } from './routes/money.ts';
import { moneyLogRoutes } from './routes/money-log.ts';
import { outputRoutes } from './routes/outputs.ts';
import { resultRoutes } from './routes/results.ts';
import { settlementRoutes } from './routes/settlements.ts';

/**
 * Everything a hub answers over HTTP: the API of `protocol/api/api.ts`, `/metrics`.
 * No CORS headers anywhere: pages of other origins cannot read any of it. `context` comes from the
 * server: who calls.
 */
export function openApi(
  ports: ApiPorts,
  metrics: HubMetrics,
): (request: Request, context?: CallContext) => Response | Promise<Response> {
  const app = new Hono<{ Bindings: CallContext }>();
  const routes = [
    ...createRoutes(ports),
    ...jobRoutes(ports),
    ...resultRoutes(ports),
    ...blobRoutes(ports),
    ...outputRoutes(ports),
    ...gridRoutes(ports),
    ...banRoutes(ports),
    ...logRoutes(ports),
    ...chainRoutes(ports),
    ...moneyRoutes(ports),
    ...moneyLogRoutes(ports),
    ...settlementRoutes(ports),
  ];
  const limits = openCallLimits();
  for (const route of routes) addRoute(app, { ports, limits }, route);
  app.get('/metrics', async () => {
    return new Response(await metrics.text(), { headers: { 'Content-Type': metrics.contentType } });
  });
  app.notFound((context) => notFound(context.req.path));
  app.onError((error, context) => {
    if (error instanceof PocketgridError) return answerRefusal(error.refusal);
    ports.log.error(
      { error: error.stack, path: context.req.path },
      'a request failed; this is a bug',
    );
    return answerRefusal(refusal('internal', 'the hub failed on this request; its log says why'));
  });
  return (request, context) => app.fetch(request, context);
}

/** Of a call that a server took from a socket. */
interface CallContext {
  incoming: { socket: { remoteAddress?: string | undefined } };
}

function addRoute(
  app: Hono<{ Bindings: CallContext }>,
  { ports, limits }: { ports: ApiPorts; limits: CallLimits },
  route: Route,
): void {
  app.on(route.method, route.path, async (context) => {
    const request = context.req.raw;
    const address = context.env?.incoming?.socket.remoteAddress;
    const late = limits.take(address, route.cost);
    if (late !== undefined) return answerWait(late);
    const call: Call = {
      request,
      param: (name) => context.req.param(name) ?? '',
      query: new URL(request.url).searchParams,
    };
    const answer = await answerCall(ports, route, call);
    if (answer === undefined) return answerNothing();
    return answer instanceof Response ? answer : answerJson(answer);
  });
}

async function answerCall(ports: ApiPorts, route: Route, call: Call): Promise<unknown> {
  const token = bearer(call.request);
  if (route.caller === 'developer') {
    return route.answer({ ...call, developer: await checkDeveloper(ports, token) });
  }
  if (route.caller === 'verifier') checkVerifier(ports, token);
  return route.answer(call);
}

function checkVerifier({ hub }: ApiPorts, token: string | undefined): void {
  if (token === undefined) {
    reject('key-missing', 'send `Authorization: Bearer` with the ticket of your welcome');
  }
  const key = ticketHolder(hub, token);
  if (key !== undefined && hub.verifiers.has(key)) return;
  reject('key-wrong', 'this ticket is not of a verifier that is online; connect again');
}

async function checkDeveloper(
  { store }: ApiPorts,
  token: string | undefined,
): Promise<DeveloperId> {
  if (token === undefined) {
    const message = `send \`Authorization: Bearer ${API_KEY_PREFIX}…\` with the key that the hub showed when it first started`;
    return reject('key-missing', message);
  }
  const developer = await findDeveloper(store, token);
  if (developer !== undefined) return developer;
  return reject(
    'key-wrong',
    'this hub knows no such key; use the one it showed on its first start',
  );
}

const notFound = (path: string): Response =>
  answerRefusal(
    refusal(
      'not-found',
      path.startsWith('/v1/')
        ? `nothing answers ${path.slice(0, 200)}; protocol/api/api.ts lists the calls`
        : `there is no page ${path.slice(0, 200)}; if the app is missing, run \`npm run build\``,
    ),
  );
