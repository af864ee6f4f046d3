import { ensureBuilt } from '../start/build.ts';
import { describeCounts } from '../test-counts.ts';
import { runEngines } from './run.ts';

/** `npm run test:engines`: journeys in Firefox and in WebKitGTK's browser. */
const say = (line: string): void => void process.stdout.write(`${line}\n`);

await ensureBuilt(say);
const counts = await runEngines(say);
say(describeCounts([counts]));
process.exitCode = counts.failed > 0 ? 1 : 0;
