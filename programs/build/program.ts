import { execFile } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const RUST = '1.95.0';
const LINKER = 'sbpf-linker';
const LINKER_VERSION = '0.2.6';
const TARGET = 'bpfel-unknown-none';
const BUILD_MS_MAX = 10 * 60_000;

/** How to install what the build needs. */
export const INSTALL =
  `rustup toolchain install ${RUST} --component rust-src && ` +
  `cargo +${RUST} install ${LINKER} --version ${LINKER_VERSION} --locked`;

/** rustup's `cargo` and `rustc` of this release, whatever the machine's own is. */
const env = { ...process.env, RUSTUP_TOOLCHAIN: RUST };
const ask = (program: string, ...words: string[]): Promise<string> =>
  run(program, words, { env }).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );

/** What is not installed, of what the build needs. */
export async function findToolchain(): Promise<string[]> {
  const [rust, linker, sysroot] = await Promise.all([
    ask('rustc', '--version'),
    ask(LINKER, '--version'),
    ask('rustc', '--print', 'sysroot'),
  ]);
  const source = access(join(sysroot, 'lib/rustlib/src/rust/library/Cargo.lock'));
  const hasSource = await source.then(
    () => true,
    () => false,
  );
  return [
    ...(rust.startsWith(`rustc ${RUST} `) ? [] : [`rustc ${RUST}`]),
    ...(hasSource ? [] : ['rust-src']),
    ...(linker.startsWith(`${LINKER} ${LINKER_VERSION}`) ? [] : [`${LINKER} ${LINKER_VERSION}`]),
  ];
}

/**
 * Builds the program under `folder` (a cargo workspace) for SBPF v3. The same sources give the same
 * bytes.
 */
export async function buildProgram(folder: string, target = '.build/program'): Promise<Uint8Array> {
  const out = resolve(target);
  const words = ['build', '--quiet', '--locked', '-j1', '--release', '-Zbuild-std=core'];
  await run('cargo', [...words, '--target', TARGET, '--package', 'settlement'], {
    cwd: resolve(folder),
    timeout: BUILD_MS_MAX,
    env: {
      ...env,
      // -Zbuild-std and the BPF target are not in a stable compiler.
      RUSTC_BOOTSTRAP: '1',
      RUSTFLAGS: rustFlags(resolve(folder)).join(' '),
      CARGO_TARGET_DIR: out,
      CARGO_TARGET_BPFEL_UNKNOWN_NONE_LINKER: LINKER,
    },
  });
  return readFile(join(out, TARGET, 'release/libsettlement.so'));
}

const rustFlags = (folder: string): string[] => [
  // No path of this machine in what panics say.
  `--remap-path-prefix=${folder}=programs`,
  '-Ctarget-cpu=v2',
  // The chain's machine reads words at any address; without saying so a key is copied byte by byte.
  '-Ctarget-feature=+allows-misaligned-mem-access',
  '-Clink-arg=--llvm-args=--bpf-stack-size=4096',
  // 128-bit and floating-point helpers: the program calls none, and LLVM before 23 cannot compile
  // them for BPF.
  '-Clink-arg=--disable-math-builtins',
];
