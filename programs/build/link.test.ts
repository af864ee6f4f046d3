import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { Chain, PROGRAM_ID } from '../settlement/tests/support/chain.ts';
import { readObject } from './elf.ts';
import { linkProgram } from './link.ts';
import { hashSyscall } from './syscalls.ts';

const run = promisify(execFile);
const CLANG = 'clang-19';
const BPF_LD = 'bpf-ld';
const found = await Promise.all(
  [CLANG, BPF_LD].map((program) => run(program, ['--version']).catch(() => undefined)),
);
const [withoutClang, withoutLinker] = [found.slice(0, 1), found].map((programs) =>
  programs.includes(undefined)
    ? ': needs `apt-get install --no-install-recommends clang-19 binutils-bpf`'
    : '',
);
const folder = await mkdtemp(join(tmpdir(), 'pocketgrid-link-'));
afterAll(() => rm(folder, { recursive: true }));

const HEAD = `
typedef unsigned long long u64;
#define LOG ((u64 (*)(const char *, u64))${hashSyscall('sol_log_')})
#define LOG_64 ((u64 (*)(u64, u64, u64, u64, u64))${hashSyscall('sol_log_64_')})
`;
const PLAIN = `${HEAD}
static const char text[] = "hello from C";
__attribute__((noinline)) u64 mix(u64 a, u64 b) { return a * 31 + (b ^ (a >> 7)); }
u64 entrypoint(const u64 *input) {
  LOG(text, sizeof text - 1);
  LOG_64(mix(*input, 5), mix(7, *input), 0x123456789abcdefULL ^ *input, 4, 5);
  return *input == 0 ? 0 : 42;
}
`;

async function compile(source: string): Promise<string> {
  const at = (ending: string) => join(folder, `program.${ending}`);
  await writeFile(at('c'), source);
  const words = '-target bpfel -mcpu=v2 -O2 -ffreestanding -fno-builtin -nostdlib -c -o'.split(' ');
  await run(CLANG, [...words, at('o'), at('c')]);
  return at('o');
}

/** binutils' linker: read-only data at 0, code at 2^32, as the chain's loader wants them. */
async function linkOther(object: string): Promise<Uint8Array> {
  const script = join(folder, 'sections.ld');
  await writeFile(
    script,
    `ENTRY(entrypoint)
PHDRS { ro PT_LOAD FLAGS(4); text PT_LOAD FLAGS(1); }
SECTIONS {
  .rodata 0 : { *(.rodata .rodata.*) . = ALIGN(8); } :ro
  .text 0x100000000 : { *(.text .text.*) . = ALIGN(8); } :text
  /DISCARD/ : { *(*) }
}`,
  );
  const words = ['-EL', '-m', 'elf64bpf', '-n', '-z', 'max-page-size=8', '-T', script];
  await run(BPF_LD, [...words, object, '-o', join(folder, 'other.so')]);
  const bytes = new Uint8Array(await readFile(join(folder, 'other.so')));
  // Flags: SBPF v3.
  bytes[48] = 3;
  return bytes;
}

/** Entry, and of each loaded part its access, address and bytes. */
function partsOf(program: Uint8Array) {
  const view = new DataView(program.buffer, program.byteOffset, program.length);
  const word = (at: number) => Number(view.getBigUint64(at, true));
  const parts = Array.from({ length: view.getUint16(56, true) }, (_, part) => {
    const at = word(32) + 56 * part;
    const offset = word(at + 8);
    return {
      access: view.getUint32(at + 4, true),
      address: word(at + 16),
      data: program.slice(offset, offset + word(at + 32)),
    };
  });
  return { entry: word(24), parts };
}

const execute = (program: Uint8Array) =>
  new Chain({ program }).send([{ program: PROGRAM_ID, accounts: [], data: new Uint8Array() }]);
const link = async (object: string) => linkProgram(await readFile(object));

describe('the linker', () => {
  it.skipIf(withoutLinker !== '')(
    `makes of C what binutils' makes, byte for byte${withoutLinker}`,
    async () => {
      const object = await compile(PLAIN);
      const [ours, other] = [await link(object), await linkOther(object)];
      expect(partsOf(ours)).toEqual(partsOf(other));
      expect(partsOf(ours).parts.map(({ access, address }) => [access, address])).toEqual([
        [4, 0],
        [1, 2 ** 32],
      ]);
      const outcome = execute(ours);
      expect(outcome.refused).toBeUndefined();
      expect(outcome.logs).toContain('Program log: hello from C');
      expect(execute(other)).toEqual(outcome);
    },
  );

  it.skipIf(withoutClang !== '')(
    `fills in addresses in read-only data, which that one misreads${withoutClang}`,
    async () => {
      const object = await compile(`${HEAD}
static const char *const words[] = {"one", "two", "three"};
u64 entrypoint(const u64 *input) {
  for (u64 at = 0; at < 3; at += 1) LOG(words[(at + 1 + *input) % 3], 3);
  return 0;
}
`);
      const outcome = execute(await link(object));
      const logs = outcome.logs.filter((line) => line.startsWith('Program log'));
      expect(logs).toEqual(['two', 'thr', 'one'].map((word) => `Program log: ${word}`));
    },
  );

  it.skipIf(withoutClang !== '')(`refuses what could not run${withoutClang}`, async () => {
    const linked = async (source: string) => link(await compile(HEAD + source));
    await expect(linked('u64 calls = 1; u64 entrypoint(void) { return calls++; }')).rejects.toThrow(
      /\.data can be written/,
    );
    await expect(linked('u64 calls; u64 entrypoint(void) { return calls++; }')).rejects.toThrow(
      /\.bss can be written/,
    );
    await expect(
      linked('u64 sol_sha265(void); u64 entrypoint(void) { return sol_sha265(); }'),
    ).rejects.toThrow(/sol_sha265 is no syscall/);
    await expect(linked('u64 start(void) { return 0; }')).rejects.toThrow(/no entrypoint/);
  });

  it('reads objects for BPF alone', () => {
    expect(() => readObject(new Uint8Array(64))).toThrow(/relocatable ELF/);
    const other = new Uint8Array(64);
    other.set([0x7f, 0x45, 0x4c, 0x46]);
    other[16] = 1;
    expect(() => readObject(other)).toThrow(/for BPF/);
  });
});

it('syscalls have the numbers the chain calls them by', () => {
  expect(hashSyscall('sol_log_')).toBe(0x207559bd);
  expect(hashSyscall('sol_log_64_')).toBe(0x5c2a3178);
});
