import { hash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import { readIfThere, replaceFile } from '#node/files.ts';
import { type DurableState, type Hub, SNAPSHOT_VERSION, takeSnapshot } from '../../core/hub.ts';
import type { LogTree } from '../../core/log/tree.ts';
import type { Store, Tip } from './port.ts';

/** Facts between two snapshots: a restart after `kill -9` loads as many in about two seconds. */
const FACTS_BETWEEN = 100_000;
const DIGEST_BYTES = 32;

/** What a restart begins with. */
export interface Snapshot {
  state: DurableState;
  tree: LogTree;
}

interface Kept extends Snapshot {
  version: number;
  /** The newest fact on disk at that time: another database does not have it. */
  tip: Tip;
}

/**
 * A file with what the facts on disk came to, so that a restart need not apply all of them. It is a
 * cache: where it is missing, broken or of another version, the hub is made of its facts.
 */
export interface Snapshots {
  read(): Promise<Snapshot | undefined>;
  /** Writes one, where enough facts came since the last; `always`: where any came. */
  keep(hub: Hub, tree: LogTree, always?: 'always'): Promise<void>;
}

/** Opens the file, which need not be there. `store` is where the facts are. */
export function openSnapshots(file: string, store: Pick<Store, 'tip' | 'hasTip'>): Snapshots {
  let newest = 0;
  let writing = Promise.resolve();
  const write = async (body: Uint8Array): Promise<void> => {
    const tip = await store.tip();
    if (tip === undefined) return;
    const content = serialize({ body, version: SNAPSHOT_VERSION, tip });
    const digest = hash('sha256', content, 'buffer');
    await replaceFile(file, Buffer.concat([digest, content]));
  };
  return {
    async read() {
      const kept = decode(await readIfThere(file));
      if (kept?.version !== SNAPSHOT_VERSION || !(await store.hasTip(kept.tip))) return undefined;
      newest = kept.state.factNumber;
      return kept;
    },
    async keep(hub, tree, always) {
      const least = always === undefined ? FACTS_BETWEEN : 1;
      if (hub.factNumber - newest < least) return writing;
      newest = hub.factNumber;
      const body = serialize({ state: takeSnapshot(hub), tree } satisfies Snapshot);
      writing = writing.catch(() => undefined).then(() => write(body));
      return writing;
    },
  };
}

function decode(bytes: Buffer | undefined): Kept | undefined {
  if (bytes === undefined || bytes.length < DIGEST_BYTES) return undefined;
  const content = bytes.subarray(DIGEST_BYTES);
  if (!hash('sha256', content, 'buffer').equals(bytes.subarray(0, DIGEST_BYTES))) return undefined;
  const { body, ...rest } = deserialize(content) as Omit<Kept, keyof Snapshot> & {
    body: Uint8Array;
  };
  return { ...rest, ...(deserialize(body) as Snapshot) };
}
