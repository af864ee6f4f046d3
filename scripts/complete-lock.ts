import { readFile, writeFile } from 'node:fs/promises';

/**
 * `npm run lock`: run it after every `npm install`. A registry mirror may lack the prebuilt packages
 * of other platforms; npm then leaves them out of the lock file, and `npm ci` refuses a lock file
 * that lacks an optional dependency. They are named here without a hash, each for its platform.
 */
const FILE = 'package-lock.json';
const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openbsd', 'openharmony', 'win32'];
const PROCESSORS = ['arm64', 'x64', 'ia32', 'arm', 'loong64', 'ppc64', 'riscv64', 's390x'];

interface Locked {
  version?: string;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

/** What a package's name says of its platform, as in `@rollup/rollup-linux-x64-musl`. */
export function platformOf(name: string): Pick<Locked, 'os' | 'cpu' | 'libc'> | undefined {
  const words = name.split(/[/-]/);
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = PROCESSORS.find((processor) => words.includes(processor));
  if (os === undefined || cpu === undefined) return undefined;
  const isMusl = words.some((word) => word.startsWith('musl'));
  const isGlibc = os === 'linux' && words.some((word) => word.startsWith('gnu'));
  const libc = isMusl ? { libc: ['musl'] } : isGlibc ? { libc: ['glibc'] } : {};
  return { os: [os], cpu: [cpu], ...libc };
}

/** The entries a lock file lacks, by their path in it. */
export function missingEntries(packages: Record<string, Locked>): Map<string, Locked> {
  const missing = new Map<string, Locked>();
  for (const { optionalDependencies = {} } of Object.values(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const path = `node_modules/${name}`;
      const platform = platformOf(name);
      if (path in packages || platform === undefined) continue;
      missing.set(path, { version, optional: true, ...platform });
    }
  }
  return missing;
}

async function main(): Promise<void> {
  const lock = JSON.parse(await readFile(FILE, 'utf8')) as { packages: Record<string, Locked> };
  const missing = missingEntries(lock.packages);
  const all = { ...lock.packages, ...Object.fromEntries(missing) };
  const sorted = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
  const whole = { ...lock, packages: Object.fromEntries(sorted) };
  await writeFile(FILE, `${JSON.stringify(whole, null, 2)}\n`);
  process.stdout.write(`${missing.size} packages of other platforms named in ${FILE}\n`);
}

if (import.meta.filename === process.argv[1]) await main();
