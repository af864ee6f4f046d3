import { openClient } from '#client/client.ts';
import { readFlags, Text } from '#node/flags.ts';
import { RECORDED } from '../tasks/cases.ts';
import { readRecorded } from '../tasks/recorded.ts';
import { buildRepository } from '../tasks/repository.ts';
import { compare } from './difference.ts';
import { askGrid } from './tasks.ts';

/**
 * `tsx scripts/trials/compare.ts --hub URL --key KEY`: has a grid answer all cases of which the output of
 * transformers.js is recorded, and prints as JSON how far its answers are from that. Its hub needs a
 * verifier and a contributor.
 */
const flags = readFlags({ hub: Text, key: Text });
if (flags === 'help') throw new Error('tsx scripts/trials/compare.ts --hub URL --key KEY');
const hub = openClient(flags);
const found = { number: 0, others: 0, cases: 0 };
for (const [name, each] of RECORDED) {
  const answers = await askGrid(hub, {
    ...each,
    name,
    repository: buildRepository(each.task.name),
  });
  const { value, words } = compare(answers, readRecorded(name));
  found.number = Math.max(found.number, value);
  found.others += words;
  found.cases += 1;
}
process.stdout.write(`${JSON.stringify(found)}\n`);
