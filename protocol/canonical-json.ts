import canonicalize from 'canonicalize';

/**
 * JSON in the one form that is signed and hashed (RFC 8785). Throws on what JSON cannot hold:
 * `undefined` at the top, NaN, Infinity, a lone surrogate.
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('canonical JSON of undefined');
  return text;
}
