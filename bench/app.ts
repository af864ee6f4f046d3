import { runCommand } from './command.ts';

const BUILD_MS_MAX = 10 * 60_000;
let built: Promise<string> | undefined;

/** Builds the app into `dist/`, once in a run: a figure of an older build would be nobody's. */
export async function buildApp(): Promise<void> {
  built ??= runCommand(['npx', 'vite', 'build'], BUILD_MS_MAX);
  await built;
}
