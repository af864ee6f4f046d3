import { deleteDatabase } from './database.ts';
import { deleteHistory } from './history-store.ts';

/** Deletes all that this browser keeps of the device: its key and memory, its models, its history. */
export async function forgetDevice(): Promise<void> {
  await Promise.all([deleteDatabase('pocketgrid-device'), deleteHistory(), emptyFileSystem()]);
}

async function emptyFileSystem(): Promise<void> {
  const root = await navigator.storage?.getDirectory?.().catch(() => undefined);
  if (root === undefined) return;
  const names: string[] = [];
  for await (const name of root.keys()) names.push(name);
  await Promise.all(names.map((name) => root.removeEntry(name, { recursive: true })));
}
