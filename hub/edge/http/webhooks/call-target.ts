import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Target } from './targets.ts';

/** What goes to a target. */
export interface TargetCall {
  method: 'GET' | 'POST' | 'PUT';
  headers: Readonly<Record<string, string | number>>;
  body?: string | Readable;
  signal: AbortSignal;
}

/** Calls a target: the connection is made to the checked address, and the name goes with it. */
export function callTarget(
  { url, address }: Target,
  { method, headers, body, signal }: TargetCall,
): Promise<IncomingMessage> {
  const isTls = url.protocol === 'https:';
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const options: RequestOptions & { servername?: string } = {
    ...{ method, host: address, port: url.port || (isTls ? 443 : 80), agent: false, signal },
    path: `${url.pathname}${url.search}`,
    headers: { Host: url.host, 'User-Agent': 'Pocketgrid', ...headers },
    ...(isIP(name) === 0 && { servername: url.hostname }),
  };
  return new Promise((resolve, reject) => {
    const call = (isTls ? requestHttps : requestHttp)(options, resolve);
    call.on('error', reject);
    if (typeof body === 'object') pipeline(body, call).catch(reject);
    else call.end(body);
  });
}
