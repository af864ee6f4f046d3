import canonicalize from 'canonicalize';

/** An escape from ud800 to udfff whose backslash is not itself escaped. */
const LONE_SURROGATE = /(?:^|[^\\])(?:\\\\)*\\ud[89a-f]/;

/**
 * JSON in the one form that is signed and hashed (RFC 8785). Throws on what JSON cannot hold:
 * `undefined` at the top, NaN, Infinity, a lone surrogate.
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('canonical JSON of undefined');
  // JSON.stringify writes a lone surrogate as an escape; RFC 8785 §3.2.2.2 wants an error.
  if (LONE_SURROGATE.test(text)) throw new TypeError('canonical JSON of a lone surrogate');
  return text;
}
