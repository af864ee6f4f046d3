import { parseArgs } from 'node:util';
import { openSlowLine } from './slow-line.ts';

/** `slow-line-main.ts --to PORT [--port PORT] --down KBITS --up KBITS --rtt MS`, for journeys. */
const { values } = parseArgs({
  options: {
    to: { type: 'string', default: '0' },
    port: { type: 'string', default: '0' },
    down: { type: 'string', default: '1600' },
    up: { type: 'string', default: '750' },
    rtt: { type: 'string', default: '150' },
  },
});
const line = {
  downKbits: Number(values.down),
  upKbits: Number(values.up),
  rttMs: Number(values.rtt),
};
const slow = await openSlowLine(Number(values.to), line, Number(values.port));
process.stdout.write(`${JSON.stringify({ ready: true, port: slow.port })}\n`);
