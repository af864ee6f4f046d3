import { type BatchAnswers, sayAnswers } from '../batches/print-batch.ts';

/** The body of the answer to a request of one line. */
export function printRequest(answers: BatchAnswers): string {
  const [answer] = sayAnswers(answers);
  return JSON.stringify(answer?.body);
}
