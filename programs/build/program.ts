import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { linkProgram } from './link.ts';

const run = promisify(execFile);

/** Debian's, by path: a `rustc` of another version on the PATH would bring another LLVM. */
const RUSTC = '/usr/bin/rustc';
const CARGO = '/usr/bin/cargo';
const LLVM = ['llvm-link-22', 'opt-22', 'llvm-dis-22', 'llc-22'];
const RUST_VERSION = /^rustc 1\.96\./;
const TARGET = 'bpfel-unknown-none';
const BUILD_MS_MAX = 10 * 60_000;

/** What is not installed, of what the build needs. */
export async function findToolchain(): Promise<string[]> {
  const version = await run(RUSTC, ['--version']).then(
    ({ stdout }) => stdout,
    () => '',
  );
  const programs = [CARGO, ...LLVM];
  const found = await Promise.all(
    programs.map((program) =>
      run(program, ['--version']).then(
        () => true,
        () => false,
      ),
    ),
  );
  const missing = programs.filter((_, at) => found[at] !== true);
  return RUST_VERSION.test(version) ? missing : ['rustc 1.96 (Debian rustc-web)', ...missing];
}

/** Builds the program under `folder` (a cargo workspace) and links it. The same sources give the same bytes. */
export async function buildProgram(folder: string, target = '.build/program'): Promise<Uint8Array> {
  const out = resolve(target);
  const parts = join(out, 'parts');
  await rm(parts, { recursive: true, force: true });
  await mkdir(parts, { recursive: true });
  await compile(resolve(folder), out);
  const names = (await readdir(parts)).sort();
  const at = (name: string) => join(parts, name);
  const own = names.find((name) => /^settlement\..*\.o$/.test(name));
  if (own === undefined) throw new Error('cargo left no object to link');
  const libraries = names.filter((name) => name.endsWith('.rlib'));
  const members = (await Promise.all(libraries.map((name) => unpack(at(name))))).flat();
  await tool('llvm-link-22', ['-o', at('all.bc'), at(own), '--only-needed', ...members]);
  await tool('opt-22', [
    '-passes=internalize,globaldce,default<O2>,globaldce',
    '--internalize-public-api-list=entrypoint',
    '-o',
    at('opt.bc'),
    at('all.bc'),
  ]);
  await tool('llvm-dis-22', ['-o', at('opt.ll'), at('opt.bc')]);
  await writeFile(at('plain.ll'), dropStructReturns(await readFile(at('opt.ll'), 'utf8')));
  await tool('llc-22', [
    '-march=bpfel',
    '-mcpu=v2',
    // The chain's machine reads words at any address; without saying so a key is copied byte by byte.
    '-mattr=-alu32,+allows-misaligned-mem-access',
    '-bpf-stack-size=4096',
    '-filetype=obj',
    '-O2',
    '-o',
    at('program.o'),
    at('plain.ll'),
  ]);
  return linkProgram(await readFile(at('program.o')));
}

/** cargo hands its linker bitcode; ours for now only keeps it, since the object has to come from LLVM's `llc`. */
async function compile(folder: string, out: string): Promise<void> {
  const keeper = join(out, 'keep.sh');
  await writeFile(
    keeper,
    [
      '#!/bin/sh',
      'for each in "$@"; do case "$each" in *.o|*.rlib) cp "$each" "$KEEP";; esac; done',
      'while [ $# -gt 0 ]; do [ "$1" = -o ] && : > "$2"; shift; done',
      '',
    ].join('\n'),
  );
  await chmod(keeper, 0o755);
  // cargo runs its linker only when something changed.
  const kept = join(out, 'cargo', TARGET, 'release', '.fingerprint');
  for (const name of await readdir(kept).catch(() => [])) {
    if (name.startsWith('settlement-')) await rm(join(kept, name), { recursive: true });
  }
  const words = ['build', '--quiet', '--locked', '-j1', '--release', '-Zbuild-std=core'];
  await run(CARGO, [...words, '--target', TARGET, '--package', 'settlement'], {
    cwd: folder,
    timeout: BUILD_MS_MAX,
    env: {
      ...process.env,
      RUSTC,
      // -Zbuild-std and the BPF target are not in a stable compiler.
      RUSTC_BOOTSTRAP: '1',
      // No path of this machine in what panics say.
      RUSTFLAGS: `--remap-path-prefix=${folder}=programs`,
      CARGO_TARGET_DIR: join(out, 'cargo'),
      CARGO_TARGET_BPFEL_UNKNOWN_NONE_LINKER: keeper,
      KEEP: join(out, 'parts'),
    },
  });
}

/** Objects inside an rlib, which is an `ar` archive: 8 bytes of magic, then members of 60 bytes of head each. */
async function unpack(archive: string): Promise<string[]> {
  const bytes = await readFile(archive);
  const found: string[] = [];
  for (let at = 8; at + 60 <= bytes.length; ) {
    const size = Number(bytes.toString('ascii', at + 48, at + 58));
    const body = bytes.subarray(at + 60, at + 60 + size);
    // Bitcode starts with "BC" 0xc0de.
    if (body.readUInt32BE(0) === 0x4243c0de) {
      const path = `${archive}.${found.length}.bc`;
      await writeFile(path, body);
      found.push(path);
    }
    at += 60 + size + (size % 2);
  }
  return found;
}

/**
 * A function that returns a struct gets a pointer to write it to. LLVM's BPF backend refuses the mark on that
 * pointer, though not the pointer; inside one program nobody else reads the mark.
 */
export const dropStructReturns = (text: string): string =>
  text.replaceAll(/ sret\((?:\[[^\]]*\]|\{[^}]*\}|%[^)]*)\)/g, '');

async function tool(program: string, words: string[]): Promise<void> {
  await run(program, words, { timeout: BUILD_MS_MAX });
}
