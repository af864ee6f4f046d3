// A thread for tests: what it is given says how a task ends.
import { parentPort } from 'node:worker_threads';

parentPort.on('message', ({ task, input }) => {
  switch (input.end) {
    case 'refuse':
      return parentPort.postMessage({ refusal: { code: 'input-shape', message: 'as asked' } });
    case 'bug':
      return parentPort.postMessage({ bug: 'Error: as asked' });
    case 'exit':
      return process.exit(3);
    case 'throw':
      throw new Error('as asked');
    case 'memory':
      for (let all = []; ; ) all.push(new Array(100_000).fill(all.length));
    case 'hang':
      for (;;);
    default:
      return parentPort.postMessage({ value: `${task} ${input.word}` });
  }
});
