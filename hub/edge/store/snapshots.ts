import { hash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { readIfThere, replaceFile } from '#node/files.ts';
import { type DurableState, type Hub, takeSnapshot } from '../../core/hub.ts';
import type { LogTree } from '../../core/log/tree.ts';
import type { Store, Tip } from './port.ts';

/** Facts between two snapshots: a restart after `kill -9` loads as many in about two seconds. */
const FACTS_BETWEEN = 100_000;
const DIGEST_BYTES = 32;
/** What makes a state of facts. A snapshot is of no use to any other code. */
const CODE = ['../../core', '../../../protocol'];

/** What a restart begins with. */
export interface Snapshot {
  state: DurableState;
  tree: LogTree;
}

interface Kept extends Snapshot {
  code: string;
  /** The newest fact on disk at that time: another database does not have it. */
  tip: Tip;
}

/**
 * A file with what the facts on disk came to, so that a restart need not apply all of them. It is a
 * cache: where it is missing, broken, or made by other code, the hub is made of its facts.
 */
export interface Snapshots {
  read(): Promise<Snapshot | undefined>;
  /** Writes one, where enough facts came since the last; `always`: where any came. */
  keep(hub: Hub, tree: LogTree, always?: 'always'): Promise<void>;
}

/** Opens the file, which need not be there. `store` is where the facts are. */
export async function openSnapshots(
  file: string,
  store: Pick<Store, 'tip' | 'hasTip'>,
): Promise<Snapshots> {
  const code = await digestCode();
  let newest = 0;
  let writing = Promise.resolve();
  const write = async (body: Uint8Array): Promise<void> => {
    const tip = await store.tip();
    if (tip === undefined) return;
    const content = serialize({ body, code, tip });
    const digest = hash('sha256', content, 'buffer');
    await replaceFile(file, Buffer.concat([digest, content]));
  };
  return {
    async read() {
      const kept = decode(await readIfThere(file));
      if (kept?.code !== code || !(await store.hasTip(kept.tip))) return undefined;
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
  const { body, ...rest } = deserialize(content) as { body: Uint8Array; code: string; tip: Tip };
  return { ...rest, ...(deserialize(body) as Snapshot) };
}

async function digestCode(): Promise<string> {
  const folders = CODE.map((folder) => join(import.meta.dirname, folder));
  const found = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(folder, { recursive: true });
      return names
        .filter((name) => /(?<!\.test)\.ts$/.test(name))
        .map((name) => join(folder, name));
    }),
  );
  const texts = await Promise.all(
    found
      .flat()
      .sort()
      .map((file) => readFile(file)),
  );
  return hash('sha256', Buffer.concat(texts));
}
