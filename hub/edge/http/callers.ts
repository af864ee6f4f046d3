import { API_KEY_PREFIX } from '#protocol/api/api.ts';
import type { KeyView } from '#protocol/api/keys.ts';
import { ticketHolder } from '../../core/hub.ts';
import { reject } from './answer.ts';
import { findApiKey } from './api-keys.ts';
import type { ApiPorts, Route } from './route.ts';

/** Refuses a call whose token is no ticket of a verifier that is online. */
export function checkVerifier({ hub }: Pick<ApiPorts, 'hub'>, token: string | undefined): void {
  if (token === undefined) {
    reject('key-missing', 'send `Authorization: Bearer` with the ticket of your welcome');
  }
  const key = ticketHolder(hub, token);
  if (key !== undefined && hub.verifiers.has(key)) return;
  reject('key-wrong', 'this ticket is not of a verifier that is online; connect again');
}

/** The API key of a call, where it holds and is good for such calls. */
export async function checkKey(
  { store }: Pick<ApiPorts, 'store'>,
  token: string | undefined,
  caller: Exclude<Route['caller'], 'anyone' | 'verifier'>,
): Promise<KeyView> {
  if (token === undefined) {
    const message = `send \`Authorization: Bearer ${API_KEY_PREFIX}…\` with a key; the operator of this hub makes them (npm run hub -- keys)`;
    return reject('key-missing', message);
  }
  const key = await findApiKey(store.keys, token);
  if (key === undefined) {
    return reject('key-wrong', 'this hub knows no such key; ask its operator for one');
  }
  if (key.revokedAt !== undefined) return gone(`was revoked on ${dayOf(key.revokedAt)}`);
  if (key.expiresAt !== undefined && key.expiresAt <= Date.now()) {
    return gone(`expired on ${dayOf(key.expiresAt)}`);
  }
  if (key.role === 'operator') return key;
  if (caller === 'operator') {
    return reject(
      'key-forbidden',
      `"${key.name}" is a developer's key: this call is the operator's`,
    );
  }
  if (caller === 'writer' && key.access === 'read') {
    return reject('key-forbidden', `"${key.name}" may only read; ask the operator for another key`);
  }
  return key;
}

const gone = (what: string): never =>
  reject('key-wrong', `this key ${what}; ask the operator of this hub for another`);

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
