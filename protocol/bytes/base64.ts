import { accept, type Result, refuse } from '../values/refusal.ts';
import { DIGEST_BYTES } from './digest.ts';

const CHUNK = 0x8000;

/** Standard base64 with padding (RFC 4648 §4). */
export function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  }
  return btoa(text);
}

/** Reads standard base64 with its padding (RFC 4648); refuses anything else. */
export function decodeBase64(text: string): Result<Uint8Array<ArrayBuffer>> {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    return refuse('message-malformed', 'expected base64 text (RFC 4648)');
  }
  return accept(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
}

/** Digests of units in base64: 32 bytes for each of so many, end to end; undefined for other text. */
export function decodeDigests(text: string, count: number): Uint8Array | undefined {
  const digests = decodeBase64(text);
  return digests.ok && digests.value.length === count * DIGEST_BYTES ? digests.value : undefined;
}
