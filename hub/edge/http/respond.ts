import { PocketgridError, refusal } from '#protocol/values/refusal.ts';
import { forStrangers } from '../blobs/disk-error.ts';
import type { Log } from '../process/log.ts';
import { answerJson, answerNothing, answerRefusal } from './answer.ts';

/** Where it is said what a stranger is not told. */
export interface Place {
  log: Log;
  path: string;
}

/** The answer that work comes to: a response, a value as JSON, nothing, or a refusal that it throws. */
export async function respond(place: Place, work: () => unknown): Promise<Response> {
  try {
    const answer = await work();
    if (answer === undefined) return answerNothing();
    return answer instanceof Response ? answer : answerJson(answer);
  } catch (error) {
    return answerError(place, error);
  }
}

/** A refusal as it is, and any other error as `internal`: the log alone says what it was. */
export function answerError({ log, path }: Place, error: unknown): Response {
  if (error instanceof PocketgridError) {
    if (error.refusal.code === 'storage-failed')
      log.error({ error: error.message, path }, 'the disk failed');
    return answerRefusal(forStrangers(error.refusal));
  }
  const stack = error instanceof Error ? error.stack : String(error);
  log.error({ error: stack, path }, 'a request failed; this is a bug');
  return answerRefusal(refusal('internal', 'the hub failed on this request; its log says why'));
}
