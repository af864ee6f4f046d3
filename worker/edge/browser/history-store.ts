import {
  addToDay,
  type DeviceHistory,
  type HistoryDay,
  type HistoryNote,
  NOTES_KEPT,
} from '#protocol/messages/history.ts';
import { deleteDatabase, openDatabase } from './database.ts';

const NAME = 'pocketgrid-history';

/** What a browser keeps of what a device did. Without a database nothing is kept. */
export interface HistoryStore {
  /** Settles when it is written, or cannot be. */
  add(note: HistoryNote): Promise<void>;
  read(): Promise<DeviceHistory>;
}

/** Opens the history of this browser. Each note is written by itself, in order. */
export function openHistoryStore(): HistoryStore {
  const opened = openDatabase(NAME, (database) => {
    database.createObjectStore('notes', { autoIncrement: true });
    database.createObjectStore('days', { keyPath: 'day' });
  }).catch(() => undefined);
  let queue = Promise.resolve();
  const write = async (note: HistoryNote) => {
    const database = await opened;
    if (database === undefined) return;
    const turn = database.transaction(['notes', 'days'], 'readwrite');
    const notes = turn.objectStore('notes');
    const key = await notes.add(note);
    await notes.delete(IDBKeyRange.upperBound(Number(key) - NOTES_KEPT));
    if (note.what === 'accepted') {
      const days = turn.objectStore('days');
      await days.put(addToDay((await days.get(note.day)) as HistoryDay | undefined, note));
    }
    await turn.done;
  };
  return {
    add(note) {
      // What cannot be written is only missing from the list.
      queue = queue.then(() => write(note)).catch(() => undefined);
      return queue;
    },
    async read() {
      const database = await opened;
      if (database === undefined) return { days: [], notes: [] };
      const [days, notes] = await Promise.all([database.getAll('days'), database.getAll('notes')]);
      return { days, notes: notes.reverse() };
    },
  };
}

/** Deletes the history of this browser. */
export const deleteHistory = (): Promise<void> => deleteDatabase(NAME);
