import type { ExactJob, ExactMessage, PlainOutput } from '../page/exact-cases.ts';

/** One output of a case; `data` are its little-endian bytes. */
export interface Output {
  name: string;
  dtype: string;
  data: Uint8Array;
}

/** What came of one case. */
export type CaseResult = { outputs: Output[] } | { refused: string };

/** A JavaScript engine that runs the wasm runtime. */
export interface Engine {
  name: string;
  version: string;
  /**
   * What came of each case, in order. Throws where the engine failed or did not have the threads.
   */
  run(job: ExactJob): Promise<CaseResult[]>;
}

/** An engine that cannot be used here, and why. */
export interface AbsentEngine {
  name: string;
  reason: string;
}

/**
 * The messages of one job as results; throws unless each case has one and the threads were real.
 */
export function readMessages(job: ExactJob, messages: readonly ExactMessage[]): CaseResult[] {
  const results: CaseResult[] = [];
  for (const message of messages) {
    switch (message.type) {
      case 'outputs':
        results.push({ outputs: message.outputs.map(decodeOutput) });
        break;
      case 'refused':
        results.push({ refused: message.reason });
        break;
      case 'failed':
        throw new Error(message.reason);
      case 'end':
        if (message.threads !== job.threads) {
          throw new Error(`the runtime had ${message.threads} threads, not ${job.threads}`);
        }
    }
  }
  const ended = messages.at(-1)?.type === 'end';
  if (!ended || results.length !== job.cases.length) {
    throw new Error(`it stopped after ${results.length} of ${job.cases.length} cases`);
  }
  return results;
}

const decodeOutput = ({ name, dtype, data }: PlainOutput): Output => ({
  name,
  dtype,
  data: Buffer.from(data, 'base64'),
});
