import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { decodeFlags, Switch, Text, wholeIn } from '#node/flags.ts';
import { describeKey, keyRequestOf } from '#node/key-lines.ts';
import { ShareRequest } from '#protocol/api/keys.ts';
import { DeveloperId } from '#protocol/values/ids.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { instant } from '#protocol/values/units.ts';
import { createApiKey } from '../http/api-keys.ts';
import type { KeyStore } from '../store/keys.ts';
import { openFileKeys } from '../store/store.ts';

/** The part of the help that is about keys. */
export const KEYS_USAGE = `npm run hub -- keys list | revoke ID | share OWNER ID none|read|write | add NAME [flags]
                       API keys of the hub in --data DIR, which may run meanwhile; ID and OWNER are dev_…
  --operator           the new key may do everything
  --read-only          it may read jobs, and post and move none
  --days N             it expires then
  --items N            how many items it may have computed in all
  --lamports N         what its jobs may cost in all
  --calls-per-minute N how often it may call`;

const DATA = v.optional(Text, 'data');

/** What a command line asks for: which data folder, and what to do with its keys. */
interface Asked {
  data: string;
  /** Gives the lines to show. */
  work(keys: KeyStore): Promise<Result<string[]>>;
}

/** `npm run hub -- keys …`: the lines to show, or why there are none. */
export async function runKeysCommand([word = '', ...args]: readonly string[]): Promise<
  Result<string[]>
> {
  const decode = COMMANDS[word];
  if (word === '--help' || args.includes('--help')) return accept([KEYS_USAGE]);
  if (decode === undefined) return refuse('request-invalid', `say what to do:\n${KEYS_USAGE}`);
  const asked = decode(args);
  if (!asked.ok) return asked;
  const file = join(asked.value.data, 'hub.db');
  const isThere = await stat(file).then(Boolean, () => false);
  if (!isThere && word !== 'add') {
    return refuse(
      'request-invalid',
      `there is no hub in ${resolve(asked.value.data)}; name it with --data`,
    );
  }
  const opened = await openFileKeys(file);
  try {
    return await asked.value.work(opened.keys);
  } finally {
    await opened.close();
  }
}

const COMMANDS: Record<string, (args: string[]) => Result<Asked>> = {
  list(args) {
    return from(decodeFlags({ data: DATA }, { args }), ({ data }) => ({
      data,
      work: async (keys) => accept((await keys.list()).map(describeKey)),
    }));
  },
  add(args) {
    const flags = {
      data: DATA,
      name: Text,
      operator: Switch,
      'read-only': Switch,
      days: v.exactOptional(wholeIn(1, 36_500)),
      items: v.exactOptional(wholeIn(0, 1e15)),
      lamports: v.exactOptional(Text),
      'calls-per-minute': v.exactOptional(wholeIn(1, 1_000_000)),
    };
    return from(decodeFlags(flags, { args, words: ['name'] }), ({ data, ...given }) => ({
      data,
      async work(keys) {
        const request = keyRequestOf(given);
        if (!request.ok) return request;
        const { key, ...view } = await createApiKey(keys, request.value);
        return accept([describeKey(view), `${key}\n(shown only now; keep it)`]);
      },
    }));
  },
  revoke(args) {
    return from(decodeFlags({ data: DATA, id: DeveloperId }, { args, words: ['id'] }), (given) => ({
      data: given.data,
      async work(keys) {
        const done = await keys.revoke(given.id, instant(Date.now()));
        return done ? accept([`${given.id} is revoked`]) : unknown(given.id);
      },
    }));
  },
  share(args) {
    const { access } = ShareRequest.entries;
    const flags = { data: DATA, owner: DeveloperId, id: DeveloperId, access };
    const words = ['owner', 'id', 'access'];
    return from(decodeFlags(flags, { args, words }), ({ data, owner, id, access: given }) => ({
      data,
      async work(keys) {
        const strange = await keys.share(owner, id, given);
        if (strange !== undefined) return unknown(strange);
        return accept([`${id} may ${given === 'none' ? 'not read' : given} the jobs of ${owner}`]);
      },
    }));
  },
};

/** `--help` was looked for before. */
function from<T>(flags: Result<T | 'help'>, asked: (given: T) => Asked): Result<Asked> {
  if (!flags.ok) return flags;
  return flags.value === 'help'
    ? refuse('request-invalid', KEYS_USAGE)
    : accept(asked(flags.value));
}

const unknown = (id: string) =>
  refuse('key-unknown', `this hub has no key ${id}; npm run hub -- keys list shows them`);
