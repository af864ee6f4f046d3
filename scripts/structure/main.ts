import { fileURLToPath } from 'node:url';
import { findLoops, importGraph } from '../tidy/circles.ts';
import { readTree } from '../tidy/tree.ts';
import { countLines } from './lines.ts';
import { findDefinition, walkFrom } from './walk.ts';

/**
 * Prints the shape of the working tree as one line of JSON; `npm run bench -- structure` reads it.
 */
const CORE = 'hub/core/';
/** A message that the hub receives, and the function that takes it. */
const WALKS = {
  verdict: 'receiveVerdict',
  reveal: 'receiveReveal',
  commit: 'receiveCommit',
  request: 'receiveRequest',
} as const;

const root = process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url));
const tree = readTree(root);
const loops = findLoops(importGraph(tree));
const walks = Object.fromEntries(
  Object.entries(WALKS).map(([message, name]) => {
    return [message, walkFrom(tree, CORE, findDefinition(tree, CORE, name))];
  }),
);
process.stdout.write(
  `${JSON.stringify({ loops: loops.length, loopedFiles: loops.flat().length, walks, lines: countLines(tree) })}\n`,
);
