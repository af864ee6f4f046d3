import type { BackgroundOrders, Woken } from '#protocol/messages/background.ts';
import type { Told } from '../../../core/news.ts';
import { openDeviceDatabase } from '../database.ts';

/** What the background worker keeps beside the device's key. */
interface Kept {
  orders: BackgroundOrders;
  told: Told;
  woken: Woken;
}

/** Reads one of the things the background worker keeps; undefined where nothing is kept. */
export async function readKept<Name extends keyof Kept>(
  name: Name,
): Promise<Kept[Name] | undefined> {
  const database = await openDeviceDatabase();
  try {
    return (await database.get('device', name)) as Kept[Name] | undefined;
  } finally {
    database.close();
  }
}

/** Keeps one of them. */
export async function writeKept<Name extends keyof Kept>(
  name: Name,
  value: Kept[Name],
): Promise<void> {
  const database = await openDeviceDatabase();
  try {
    await database.put('device', value, name);
  } finally {
    database.close();
  }
}
