import { openDeadline } from '#client/deadline.ts';
import { PocketgridError, refusal } from '#protocol/values/refusal.ts';

const REDIRECTS_MAX = 5;

/** Where files come from, and the token for that place alone. */
export interface FileServer {
  endpoint: URL;
  token?: string | undefined;
  /** How long it may be silent. */
  silenceMs: number;
}

/** A call of a file, given up when it is stopped or when nothing comes for too long. */
export interface OpenFile {
  response: Response;
  /** Something came: the silence begins anew. */
  heard(): void;
  close(): void;
}

/**
 * Asks for a file, over a few redirects. The token stays with the server's own origin, and what
 * began with TLS goes on with it. Throws `download-failed` where nothing answers.
 */
export async function openFile(
  { endpoint, token, silenceMs }: FileServer,
  path: string,
  { headers = {}, signal: stopped }: { headers?: Record<string, string>; signal: AbortSignal },
): Promise<OpenFile> {
  const { signal, extend: heard, close } = openDeadline(silenceMs, stopped);
  try {
    let url = new URL(path, endpoint);
    for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
      const isOwn = url.origin === endpoint.origin;
      const response = await fetch(url, {
        // What is packed on its way has another length.
        headers: {
          'accept-encoding': 'identity',
          ...headers,
          ...(isOwn && token !== undefined && { authorization: `Bearer ${token}` }),
        },
        redirect: 'manual',
        signal,
      });
      const next = response.headers.get('location');
      if (response.status < 300 || response.status >= 400 || next === null) {
        return { response, heard, close };
      }
      await response.body?.cancel();
      const target = new URL(next, url);
      if (
        !/^https?:$/.test(target.protocol) ||
        (url.protocol === 'https:' && target.protocol !== 'https:')
      ) {
        throw failed(
          `${url.host} leads from ${url.protocol} to ${target.protocol}, which is not followed`,
        );
      }
      url = target;
      heard();
    }
    throw failed(`${endpoint.host} leads on more than ${REDIRECTS_MAX} times for ${path}`);
  } catch (error) {
    close();
    throw error instanceof PocketgridError ? error : explainSilence(error, endpoint);
  }
}

/** Why nothing came, or no more, as the system has it. */
export function explainSilence(error: unknown, { host }: URL): PocketgridError {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  const isLate = error instanceof Error && error.name === 'AbortError';
  const what = isLate ? 'sent nothing for too long' : `did not answer${code}`;
  const message = `${host} ${what}; check that you are online, or name a mirror with HF_ENDPOINT; the same command goes on where this one ended`;
  return new PocketgridError(refusal('download-failed', message), { cause: error });
}

const failed = (message: string): PocketgridError =>
  new PocketgridError(refusal('download-failed', message));

/** A status that time may mend, and how long the server asks to wait; undefined for any other. */
export function readPause({ status, headers }: Response): { seconds: number } | undefined {
  if (status !== 429 && status < 500) return undefined;
  const seconds = Number(headers.get('retry-after') ?? 0);
  return { seconds: Number.isFinite(seconds) ? Math.max(0, seconds) : 0 };
}
