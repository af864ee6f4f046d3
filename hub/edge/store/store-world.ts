import type { Store } from './port.ts';

/** What a store under test gives the suite; `reopen` is absent where nothing outlives `close`. */
export interface StoreWorld {
  store: Store;
  reopen?(): Promise<Store>;
}
