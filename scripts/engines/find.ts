import { constants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runCommand } from '../command.ts';

const INSTALL_MS_MAX = 10 * 60_000;
const VERSION_MS_MAX = 20_000;
/** Where Debian keeps programs that no PATH names. */
const LIBRARIES = '/usr/lib';

/** A browser engine other than Chromium's, and the programs that drive it. */
export interface FoundEngine {
  version: string;
  /** Paths of its programs, by name. */
  programs: Record<string, string>;
}

/** Why an engine cannot be used here. */
export interface AbsentEngine {
  reason: string;
}

interface Engine {
  /** Debian's packages of it. */
  packages: readonly string[];
  find(): Promise<FoundEngine | undefined>;
}

const ENGINES = {
  firefox: { packages: ['firefox-esr'], find: presentFirefox },
  webkit: { packages: ['webkit2gtk-driver', 'xvfb'], find: presentWebkit },
} satisfies Record<string, Engine>;
export type EngineName = keyof typeof ENGINES;

/**
 * Firefox (`POCKETGRID_FIREFOX`, else on the PATH), or WebKitGTK's browser with its driver and a
 * screen; where there is none and `install` is set, Debian's packages are installed, as root.
 */
export async function findEngine(
  name: EngineName,
  { install }: { install: boolean },
): Promise<FoundEngine | AbsentEngine> {
  const { packages, find }: Engine = ENGINES[name];
  const found = await find();
  if (found !== undefined) return found;
  const named = packages.join(' and ');
  if (!install) return { reason: `not on this machine; Debian has it as ${named}` };
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return { reason: `${named} can be installed by root on Debian only` };
  }
  const failure = await installPackages(packages);
  if (failure !== undefined) return { reason: `${named} could not be installed: ${failure}` };
  return (await find()) ?? { reason: `${named} was installed and holds no browser` };
}

/** Installs Debian's packages; gives the last that was said where that failed. */
async function installPackages(packages: readonly string[]): Promise<string | undefined> {
  const options = {
    timeoutMs: INSTALL_MS_MAX,
    output: 'keep' as const,
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  };
  await runCommand(['apt-get', 'update', '-q'], options);
  const words = ['install', '-q', '-y', '--no-install-recommends', ...packages];
  const { code, text } = await runCommand(['apt-get', ...words], options);
  return code === 0 ? undefined : (text.trim().split('\n').at(-1) ?? `status ${code}`);
}

async function presentFirefox(): Promise<FoundEngine | undefined> {
  const named = process.env['POCKETGRID_FIREFOX'];
  for (const name of named ? [named] : ['firefox-esr', 'firefox']) {
    const firefox = await onPath(name);
    const version = firefox && (await readVersion([firefox, '--version']));
    if (version) return { version, programs: { firefox } };
  }
  return undefined;
}

async function presentWebkit(): Promise<FoundEngine | undefined> {
  const [driver, screen] = [await onPath('WebKitWebDriver'), await onPath('Xvfb')];
  const browser = await findMiniBrowser();
  if (driver === undefined || screen === undefined || browser === undefined) return undefined;
  // Neither the driver nor, without a screen, the browser tells.
  const version = await readVersion(['dpkg-query', '--show', 'webkit2gtk-driver']);
  return { version: version ?? 'unknown', programs: { driver, screen, browser } };
}

/** Such as `/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser`; the newest interface first. */
async function findMiniBrowser(): Promise<string | undefined> {
  const systems = await readdir(LIBRARIES).catch(() => []);
  for (const system of systems.filter((each) => each.endsWith('-linux-gnu'))) {
    const folders = await readdir(join(LIBRARIES, system));
    for (const folder of folders
      .filter((each) => /^webkit(2)?gtk-/.test(each))
      .sort()
      .reverse()) {
      const path = join(LIBRARIES, system, folder, 'MiniBrowser');
      if (await isExecutable(path)) return path;
    }
  }
  return undefined;
}

async function readVersion(command: readonly string[]): Promise<string | undefined> {
  const { text } = await runCommand(command, { timeoutMs: VERSION_MS_MAX });
  return /\d+(\.\d+)+\w*/.exec(text)?.[0];
}

async function onPath(name: string): Promise<string | undefined> {
  if (name.includes('/')) return (await isExecutable(name)) ? name : undefined;
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of folders) {
    if (await isExecutable(join(folder, name))) return join(folder, name);
  }
  return undefined;
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

const isName = (name: string): name is EngineName => name in ENGINES;

// `tsx scripts/engines/find.ts firefox [--install]` prints what it found as JSON, for programs
// that import nothing from here.
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [name = '', ...flags] = process.argv.slice(2);
  if (!isName(name)) throw new Error(`expected one of ${Object.keys(ENGINES).join(', ')}`);
  const found = await findEngine(name, { install: flags.includes('--install') });
  process.stdout.write(`${JSON.stringify(found)}\n`);
}
