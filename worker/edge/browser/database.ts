import { deleteDB, type IDBPDatabase, openDB } from 'idb';

/** Opens a database of this browser, and lets go of it when somebody deletes it. */
export const openDatabase = (
  name: string,
  stores: (database: IDBPDatabase) => void,
): Promise<IDBPDatabase> =>
  openDB(name, 1, {
    upgrade: stores,
    blocking: (_, __, event) => (event.target as IDBDatabase).close(),
  });

/** Opens the database of the device: its key, its memory, its orders for the background. */
export const openDeviceDatabase = (): Promise<IDBPDatabase> =>
  openDatabase('pocketgrid-device', (database) => {
    database.createObjectStore('device');
  });

/** Deletes a database of this browser. */
export const deleteDatabase = (name: string): Promise<void> => deleteDB(name);
