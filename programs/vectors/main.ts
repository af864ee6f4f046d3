import { mkdir, writeFile } from 'node:fs/promises';
import { makeVectors } from './vectors.ts';

/** `npm run vectors`: writes the vectors anew. A difference is a change of what is on the chain. */
const PATH = 'programs/vectors/generated/settlement.json';
await mkdir('programs/vectors/generated', { recursive: true });
await writeFile(PATH, `${JSON.stringify(makeVectors(), null, 1)}\n`);
process.stdout.write(`wrote ${PATH}\n`);
