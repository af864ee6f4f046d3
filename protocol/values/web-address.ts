import * as v from 'valibot';

const LENGTH_MAX = 2_000;
const ADDRESS = 'expected an address with https, without a name, a password or #';

/** Where a hub is to send something, or to fetch it; an operator may allow plain HTTP. */
export const WebAddress = v.pipe(
  v.string(),
  v.maxLength(LENGTH_MAX),
  v.url(ADDRESS),
  v.regex(/^https?:\/\/[^/?#@\\\s]+(?:[/?][^#\s]*)?$/i, ADDRESS),
);
