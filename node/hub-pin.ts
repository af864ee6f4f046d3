import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { type HelloClaim, type HubMessage, PROTOCOL_VERSION } from '#protocol/messages/control.ts';
import { PublicKey } from '#protocol/values/ids.ts';
import { readTextIfThere } from './files.ts';
import { verify } from './verify.ts';

export interface HubPinOptions {
  hub: URL;
  /** The data folder of the program; the key of each hub lies in a file of its own there. */
  folder: string;
  /** The key that the hub must have, as the user named it. */
  key?: PublicKey | undefined;
  /** Forgets the key that was kept, and keeps the one of the next welcome. */
  trustNew?: boolean;
}

/** Says after each message why the hub is not trusted; undefined where it is. */
export type Distrust = (message: HubMessage) => string | undefined;

/** The key of a hub, kept from its first welcome on: another key later is another hub. */
export interface HubPin {
  /** Watches one socket on which a program says hello with this key. */
  watch(own: Pick<HelloClaim, 'role' | 'key'>): Distrust;
}

/** Opens the key that is kept for a hub's address. Throws where its file holds no key. */
export async function openHubPin(options: HubPinOptions): Promise<HubPin> {
  const { hub, folder, key, trustNew = false } = options;
  const file = join(folder, 'hub-keys', encodeURIComponent(hub.origin));
  let kept = await readKept(file);
  let pinned = key ?? (trustNew ? undefined : kept);

  const explain = (told: PublicKey): string =>
    `whoever answers at ${hub.origin} has the key ${told}, and this program trusts ${pinned}: it may be another hub than you think. Ask its operator for its key; name that with --hub-key, or trust whoever is there with --trust-new-hub, or remove ${file}`;
  const keep = (told: PublicKey): string | undefined => {
    pinned = told;
    if (kept === told) return undefined;
    try {
      replaceNow(file, `${told}\n`);
      kept = told;
      return undefined;
    } catch (error) {
      return `the key of the hub cannot be kept in ${file}: ${String(error)}`;
    }
  };

  return {
    watch(own) {
      let claim: HelloClaim | undefined;
      return (message) => {
        if (message.type === 'challenge') {
          const { hub: told, nonce } = message;
          claim = { version: PROTOCOL_VERSION, ...own, hub: told, nonce };
          return pinned === undefined || pinned === told ? undefined : explain(told);
        }
        if (message.type !== 'welcome') return undefined;
        const signed = { context: 'welcome' as const, record: claim, signature: message.proof };
        if (claim !== undefined && verify({ ...signed, key: claim.hub })) return keep(claim.hub);
        return `whoever answers at ${hub.origin} cannot show that it has the key it names: it is not that hub`;
      };
    },
  };
}

async function readKept(file: string): Promise<PublicKey | undefined> {
  const text = await readTextIfThere(file);
  if (text === undefined) return undefined;
  const key = v.safeParse(PublicKey, text.trim());
  if (key.success) return key.output;
  throw new Error(`${file} holds no key of a hub: remove it to trust whoever answers next`);
}

/** At once, since messages of the socket come one after another; it happens once for a hub. */
function replaceNow(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}
