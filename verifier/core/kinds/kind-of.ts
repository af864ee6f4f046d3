import type { Runtime } from '#protocol/models/package.ts';
import { decode } from './decode.ts';
import { graph } from './graph.ts';
import type { Kind } from './kind.ts';

const KINDS: Record<Runtime['kind'], Kind> = { graph, decode };

/** What differs by the kind of a job, which its draft and its package name. */
export const kindOf = ({ runtime }: { runtime: Pick<Runtime, 'kind'> }): Kind =>
  KINDS[runtime.kind];
