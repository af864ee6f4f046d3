/** Small values this browser keeps. A browser that forbids storage keeps them for the visit. */
const visit = new Map<string, string>();

export type StoredName =
  | 'settings'
  | 'developer-key'
  | 'theme'
  | 'language'
  /** The name this device goes by, once it has worked. */
  | 'device'
  /** Whether the person wants no place on the home screen. */
  | 'install'
  /** When a page that worked last went away. */
  | 'left'
  /** Where the money of this grid lies, for when the hub is gone. */
  | 'chain'
  /** The newest leaf of each payout of this device, with its proof. */
  | 'proofs';

/** A stored text; null where there is none or the store is closed. */
export function readStored(name: StoredName): string | null {
  try {
    return localStorage.getItem(`pocketgrid.${name}`) ?? visit.get(name) ?? null;
  } catch {
    return visit.get(name) ?? null;
  }
}

/** Forgets everything. */
export function forgetStored(): void {
  visit.clear();
  try {
    for (const name of Object.keys(localStorage)) {
      if (name.startsWith('pocketgrid.')) localStorage.removeItem(name);
    }
  } catch {
    // Nothing was kept.
  }
}

/** Null forgets the value. */
export function writeStored(name: StoredName, value: string | null): void {
  if (value === null) visit.delete(name);
  else visit.set(name, value);
  try {
    if (value === null) localStorage.removeItem(`pocketgrid.${name}`);
    else localStorage.setItem(`pocketgrid.${name}`, value);
  } catch {
    // Kept in `visit` only.
  }
}
