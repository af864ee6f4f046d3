import { runCommand } from './command.ts';

/**
 * `npm run check`: types, lint and format, and the rules of the tidy test; all three always run.
 */
const CHECKS = [
  { name: 'types', command: ['npx', 'tsc', '-b', '--pretty'] },
  { name: 'lint and format', command: ['npx', 'biome', 'check', '--max-diagnostics=100'] },
  { name: 'tidy', command: ['npx', 'vitest', 'run', 'scripts/tidy', '--reporter=dot'] },
] as const;
const CHECK_MS_MAX = 5 * 60_000;

const started = performance.now();
const results = await Promise.all(
  CHECKS.map(async ({ name, command }) => ({
    name,
    ...(await runCommand(command, { timeoutMs: CHECK_MS_MAX })),
  })),
);
for (const { name, code, text } of results) {
  if (code !== 0) process.stdout.write(`${text.trimEnd()}\n`);
  process.stdout.write(`${code === 0 ? 'ok' : 'FAILED'}  ${name}\n`);
}
process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1)} s\n`);
process.exitCode = results.every(({ code }) => code === 0) ? 0 : 1;
