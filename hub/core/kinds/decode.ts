import { graph } from './graph.ts';
import { describePackage, keepKnown } from './graph-package.ts';
import type { Kind } from './kind.ts';

/**
 * Text, slice by slice: a unit is one slice, whose tensors have one shape however long the text is. It
 * runs on wasm alone, where every token can be checked bit for bit.
 */
export const decode: Kind = {
  ...graph,
  makePackage(job, prepared) {
    const { runtime } = job.record.draft;
    if (runtime.kind !== 'decode') throw new TypeError(`${job.record.id} writes no text`);
    const { decoder } = runtime;
    const described = describePackage(job, prepared);
    const { steps = 'redecode' } = prepared.head;
    return keepKnown(job, prepared, {
      ...described,
      providers: ['wasm'],
      runtime: { ...described.runtime, kind: 'decode', decoder, steps },
    });
  },
};
