import { FLAG, type ObjectFile, readObject, SECTION, type Section, writeProgram } from './elf.ts';
import { hashSyscall, SYSCALLS } from './syscalls.ts';

/**
 * Links one object into a program for SBPF v3: what is read-only at address 0, code at 2^32. Nothing is left
 * to the loader, which knows neither relocations nor sections; calls of the chain are calls of a number.
 */
const SBPF_V3 = 3;
const READ = 4;
const EXECUTE = 1;
const CODE_ADDRESS = 1n << 32n;
const WORD = 8;
/** Relocations of BPF objects: an address in `lddw`, an address in data, a call. */
const RELOCATION = { load: 1, data: 2, call: 10 } as const;
/** Source register of a call inside the program; 0 is a syscall. */
const CALL_INSIDE = 1;

export function linkProgram(bytes: Uint8Array): Uint8Array {
  const object = readObject(bytes);
  const { readOnly, code } = sortSections(object);
  const addresses = new Map<Section, bigint>();
  const rodata = layOut(readOnly, 0n, addresses);
  const text = layOut(code, CODE_ADDRESS, addresses);
  for (const [section, image, base] of [
    ...readOnly.map((each) => [each, rodata, 0n] as const),
    ...code.map((each) => [each, text, CODE_ADDRESS] as const),
  ]) {
    relocate({ object, section, addresses }, new DataView(image.buffer), base);
  }
  const entry = object.symbols.find(({ name }) => name === 'entrypoint');
  if (entry === undefined || entry.section === 0) throw new Error('the object has no entrypoint');
  const segments = [
    ...(rodata.length > 0 ? [{ flags: READ, address: 0n, data: rodata }] : []),
    { flags: EXECUTE, address: CODE_ADDRESS, data: text },
  ];
  return writeProgram(segments, addressOf(object, addresses, entry), SBPF_V3);
}

/** Sections that are loaded. The machine gives a program no memory of its own to write. */
function sortSections({ sections }: ObjectFile): { readOnly: Section[]; code: Section[] } {
  const loaded = sections.filter(
    ({ flags, data }) => (flags & FLAG.alloc) !== 0 && data.length > 0,
  );
  for (const { name, type, flags } of loaded) {
    // LLVM marks tables of addresses writable until they are relocated; here that is done.
    const isWritable = (flags & FLAG.write) !== 0 && !name.startsWith('.data.rel.ro');
    if (isWritable || type === SECTION.nobits) {
      throw new Error(`${name} can be written: a program has no writable data`);
    }
  }
  const code = loaded.filter(({ flags }) => (flags & FLAG.exec) !== 0);
  return { readOnly: loaded.filter((section) => !code.includes(section)), code };
}

function layOut(sections: Section[], base: bigint, addresses: Map<Section, bigint>): Uint8Array {
  let size = 0;
  for (const section of sections) {
    const align = Math.max(section.align, WORD);
    size = Math.ceil(size / align) * align;
    addresses.set(section, base + BigInt(size));
    size += section.data.length;
  }
  const image = new Uint8Array(Math.ceil(size / WORD) * WORD);
  for (const section of sections) {
    image.set(section.data, Number((addresses.get(section) ?? base) - base));
  }
  return image;
}

interface Linking {
  object: ObjectFile;
  section: Section;
  addresses: Map<Section, bigint>;
}

function relocate({ object, section, addresses }: Linking, image: DataView, base: bigint): void {
  const start = Number((addresses.get(section) ?? base) - base);
  for (const { offset, type, symbol: number } of section.relocations) {
    const symbol = object.symbols[number];
    if (symbol === undefined) throw new Error(`${section.name} names no symbol ${number}`);
    const at = start + offset;
    if (type === RELOCATION.call && symbol.section === 0) {
      writeSyscall(image, at, symbol.name);
      continue;
    }
    if (symbol.section === 0) throw new Error(`${symbol.name} is nowhere: only calls may leave`);
    const target = addressOf(object, addresses, symbol);
    switch (type) {
      case RELOCATION.load: {
        const address = target + BigInt(image.getUint32(at + 4, true));
        image.setUint32(at + 4, Number(address & 0xffffffffn), true);
        image.setUint32(at + 12, Number(address >> 32n), true);
        break;
      }
      case RELOCATION.data:
        image.setBigUint64(at, target + image.getBigUint64(at, true), true);
        break;
      case RELOCATION.call: {
        const inside = target + BigInt((image.getInt32(at + 4, true) + 1) * WORD);
        const next = base + BigInt(at + WORD);
        image.setUint8(at + 1, (image.getUint8(at + 1) & 0x0f) | (CALL_INSIDE << 4));
        image.setInt32(at + 4, Number((inside - next) / BigInt(WORD)), true);
        break;
      }
      default:
        throw new Error(`${section.name} has a relocation of type ${type}`);
    }
  }
}

function writeSyscall(image: DataView, at: number, name: string): void {
  if (!SYSCALLS.includes(name)) {
    throw new Error(`${name} is no syscall that programs/build/syscalls.ts lists`);
  }
  image.setUint8(at + 1, image.getUint8(at + 1) & 0x0f);
  image.setUint32(at + 4, hashSyscall(name), true);
}

function addressOf(
  { sections }: ObjectFile,
  addresses: Map<Section, bigint>,
  symbol: { name: string; section: number; value: number },
): bigint {
  const section = sections[symbol.section];
  const address = section === undefined ? undefined : addresses.get(section);
  if (address === undefined) throw new Error(`${symbol.name} lies in no section that is loaded`);
  return address + BigInt(symbol.value);
}
