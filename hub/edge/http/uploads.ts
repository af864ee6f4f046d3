import type { SpaceGuard } from '../blobs/space.ts';

/** Where uploads go. */
export interface Uploads {
  /** An empty folder. */
  folder: string;
  space: SpaceGuard;
  /** How long a sender may be silent. */
  silenceMs: number;
}
