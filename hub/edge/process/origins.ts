import type { IncomingMessage } from 'node:http';

/**
 * Whether a request comes from no page, from a page of this hub, or from one of these origins. A
 * browser names the origin of whoever opens a socket, and lets every page open one.
 */
export function isOwnOrigin(
  { headers }: Pick<IncomingMessage, 'headers'>,
  origins: readonly string[] = [],
): boolean {
  const { origin, host } = headers;
  if (origin === undefined || origins.includes(origin)) return true;
  return host !== undefined && [`http://${host}`, `https://${host}`].includes(origin);
}
