import { Hono } from 'hono';
import { API_KEY_PREFIX } from '#protocol/api/api.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
import {
  accept,
  PocketgridError,
  type Refusal,
  type Result,
  refusal,
  refuse,
} from '#protocol/values/refusal.ts';
import { ticketHolder } from '../../core/hub.ts';
import type { HubMetrics } from '../process/metrics.ts';
import { answerRefusal, answerWait } from './answer.ts';
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
    const late = limits.take(address, route.cost ?? 0);
    if (late !== undefined) return answerWait(late);
    const call: Call = {
      request,
      param: (name) => context.req.param(name) ?? '',
      query: new URL(request.url).searchParams,
    };
    const token = bearer(request);
    if (route.caller === 'developer') {
      const developer = await checkDeveloper(ports, token);
      return developer.ok
        ? route.answer({ ...call, developer: developer.value })
        : answerRefusal(developer.refusal);
    }
    const refused = route.caller === 'verifier' ? checkVerifier(ports, token) : undefined;
    return refused === undefined ? route.answer(call) : answerRefusal(refused);
  });
}

function checkVerifier({ hub }: ApiPorts, token: string | undefined): Refusal | undefined {
  if (token === undefined) {
    return refusal('key-missing', 'send `Authorization: Bearer` with the ticket of your welcome');
  }
  const key = ticketHolder(hub, token);
  if (key !== undefined && hub.verifiers.has(key)) return undefined;
  return refusal('key-wrong', 'this ticket is not of a verifier that is online; connect again');
}

async function checkDeveloper(
  { store }: ApiPorts,
  token: string | undefined,
): Promise<Result<DeveloperId>> {
  if (token === undefined) {
    const message = `send \`Authorization: Bearer ${API_KEY_PREFIX}…\` with the key that the hub showed when it first started`;
    return refuse('key-missing', message);
  }
  const developer = await findDeveloper(store, token);
  if (developer !== undefined) return accept(developer);
  return refuse(
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
