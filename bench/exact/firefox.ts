import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../command.ts';
import type { BenchContext } from '../figure.ts';

const FIND_MS_MAX = 12 * 60_000;
const STOP_MS_MAX = 5_000;
/** No first-run pages, updates or reports: the bench's page is the only one it talks to. */
const SETTINGS = {
  'app.update.enabled': false,
  'browser.aboutwelcome.enabled': false,
  'browser.sessionstore.resume_from_crash': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'toolkit.telemetry.enabled': false,
};

/**
 * A Firefox by name: `POCKETGRID_FIREFOX`, else on the PATH, else Debian's when `install` is set.
 */
export async function findFirefox({
  install,
  say,
}: BenchContext): Promise<{ path: string; version: string } | { reason: string }> {
  if (install) say('looking for Firefox, or installing it…');
  const words = ['scripts/engines/find.ts', 'firefox', ...(install ? ['--install'] : [])];
  const found = JSON.parse(await runCommand(['npx', 'tsx', ...words], FIND_MS_MAX)) as
    | { version: string; programs: { firefox: string } }
    | { reason: string };
  if ('reason' in found) return install ? found : { reason: `${found.reason} (--install)` };
  return { path: found.programs.firefox, version: found.version };
}

/** A Firefox showing one page. */
export interface Firefox {
  /** Never resolves; rejects when the browser ends by itself. */
  stopped: Promise<never>;
  close(): Promise<void>;
}

/**
 * Starts Firefox headless on a page with a fresh profile and home in `folder`; it needs no driver.
 */
export async function openFirefox(path: string, url: string, folder: string): Promise<Firefox> {
  const profile = join(folder, 'profile');
  await mkdir(profile, { recursive: true });
  const lines = Object.entries(SETTINGS).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  await writeFile(join(profile, 'user.js'), lines.join(''));
  // A group of its own, so that its content processes end with it.
  const child = spawn(path, ['--headless', '--no-remote', '--profile', profile, url], {
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, HOME: folder },
  });
  // A signal to the bench does not reach that group.
  const interrupt = () => {
    signalGroup(child.pid, 'SIGKILL');
    process.exit(130);
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`it ended with ${signal ?? code}`));
  });
  const stopped = ended.then((reason): never => {
    throw new Error(`Firefox: ${reason}`);
  });
  // Whoever waits hears of it; after `close` nobody does.
  stopped.catch(() => undefined);
  return {
    stopped,
    async close() {
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
      signalGroup(child.pid, 'SIGTERM');
      const timer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), STOP_MS_MAX);
      await ended;
      clearTimeout(timer);
      // Content processes that outlived it.
      signalGroup(child.pid, 'SIGKILL');
    },
  };
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // ESRCH: nothing is left of it.
  }
}
