import type { BatchLine } from '#protocol/openai/batch.ts';
import type { AddedInputs } from '../forms/add-inputs.ts';
import type { Spool } from '../inputs/spool.ts';

/** What is asked, and the units that a lane takes; or its texts, where no lane is long enough. */
export type ReadRequest = { line: BatchLine; length: number } & (
  | { lane: number; added: AddedInputs }
  | { texts: Spool }
);
