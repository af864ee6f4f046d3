import * as v from 'valibot';
import { HttpUrl, readFlags, Text, wholeIn } from '#node/flags.ts';
import { Fingerprint } from '#node/pinned-agent.ts';
import { Digest } from '#protocol/values/ids.ts';

/** What `npm run audit -- --help` prints. */
export const HELP = `npm run audit -- --epoch N | --settlement N [options]

  --epoch N      the epoch of draws to recompute, whose seed must be revealed; and the newest final
                 epoch of settlement, where the grid has a chain: its roots are made again of
                 receipts and other public facts, and compared with the chain
  --settlement N that epoch of settlement alone, one of the last eight
  --hub URL      the hub (default http://127.0.0.1:8787)
  --log PLACE    log.jsonl of a verifier: a file, or the address of its log page
                 (default: the one log under ./data/verifier)
  --head FILE    the head of the log that the last audit saw; this one must continue it, and its
                 own head is written there
  --seed-hash H  the SHA-256 that you wrote down when the epoch was opened
  --rpc-url URL  your own way to the chain, instead of the one the hub names
  --pin SHA256   the hub's certificate, as npm start -- --lan prints it: that one is accepted and no other

Reads public records only. Exit status: 0 when nothing is wrong, 1 for any fault, 2 for a wrong
call, 3 when the epoch is not revealed yet.`;
const Ordinal = wholeIn(0, 999_999_999_999_999);

const FLAGS = {
  epoch: v.exactOptional(Ordinal),
  settlement: v.exactOptional(Ordinal),
  hub: v.optional(HttpUrl, 'http://127.0.0.1:8787'),
  log: v.exactOptional(Text),
  head: v.exactOptional(Text),
  'seed-hash': v.exactOptional(Digest),
  'rpc-url': v.exactOptional(HttpUrl),
  pin: v.exactOptional(Fingerprint),
};
/** What `npm run audit` was asked for. */
export type AuditFlags = Exclude<ReturnType<typeof readAuditFlags>, 'help'>;

/** Flags of an audit, or `help`; throws an error that names the flag. */
export function readAuditFlags() {
  const flags = readFlags(FLAGS);
  if (flags === 'help' || flags.epoch !== undefined || flags.settlement !== undefined) return flags;
  throw new Error(`--epoch or --settlement takes a number\n\n${HELP}`);
}
