/** What a linker needs of a relocatable ELF64 file, little-endian (the ELF specification, chapters 4 to 6). */
export interface ObjectFile {
  sections: Section[];
  symbols: ObjectSymbol[];
}

export interface Section {
  name: string;
  type: number;
  flags: number;
  align: number;
  data: Uint8Array;
  relocations: Relocation[];
}

export interface ObjectSymbol {
  name: string;
  /** Place in `sections`; 0 is nowhere. */
  section: number;
  value: number;
}

/** A REL entry: the addend stands in the section itself. */
export interface Relocation {
  offset: number;
  type: number;
  symbol: number;
}

export const SECTION = { progbits: 1, symtab: 2, rela: 4, nobits: 8, rel: 9 } as const;
export const FLAG = { write: 1, alloc: 2, exec: 4 } as const;
const HEADER_BYTES = 64;
const SECTION_BYTES = 64;
const SYMBOL_BYTES = 24;
const REL_BYTES = 16;
const ET_REL = 1;
export const EM_BPF = 247;

/** Reads an object that LLVM has written for BPF. Throws on anything else: it is our own tool's output. */
export function readObject(bytes: Uint8Array): ObjectFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0, false);
  if (magic !== 0x7f454c46 || view.getUint16(16, true) !== ET_REL) {
    throw new Error('expected a relocatable ELF file');
  }
  if (view.getUint16(18, true) !== EM_BPF) throw new Error('expected an object for BPF');
  const headers = readHeaders(view);
  const names = headers[view.getUint16(62, true)];
  const sections = headers.map((header) => ({
    name: names === undefined ? '' : readName(bytes, names.offset + header.name),
    type: header.type,
    flags: header.flags,
    align: header.align,
    data:
      header.type === SECTION.nobits
        ? new Uint8Array(header.size)
        : bytes.slice(header.offset, header.offset + header.size),
    relocations: [] as Relocation[],
  }));
  let symbols: ObjectSymbol[] = [];
  for (const header of headers) {
    if (header.type === SECTION.rela) throw new Error('relocations with addends are not for BPF');
    if (header.type === SECTION.symtab) symbols = readSymbols(bytes, header, headers[header.link]);
    const target = sections[header.info];
    if (header.type === SECTION.rel && target !== undefined) {
      target.relocations = readRelocations(view, header);
    }
  }
  return { sections, symbols };
}

interface SectionHeader {
  name: number;
  type: number;
  flags: number;
  offset: number;
  size: number;
  link: number;
  info: number;
  align: number;
}

function readHeaders(view: DataView): SectionHeader[] {
  const first = Number(view.getBigUint64(40, true));
  return Array.from({ length: view.getUint16(60, true) }, (_, position) => {
    const at = first + position * SECTION_BYTES;
    return {
      name: view.getUint32(at, true),
      type: view.getUint32(at + 4, true),
      flags: Number(view.getBigUint64(at + 8, true)),
      offset: Number(view.getBigUint64(at + 24, true)),
      size: Number(view.getBigUint64(at + 32, true)),
      link: view.getUint32(at + 40, true),
      info: view.getUint32(at + 44, true),
      align: Number(view.getBigUint64(at + 48, true)),
    };
  });
}

function readSymbols(
  bytes: Uint8Array,
  { offset, size }: SectionHeader,
  names: SectionHeader | undefined,
): ObjectSymbol[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: size / SYMBOL_BYTES }, (_, position) => {
    const at = offset + position * SYMBOL_BYTES;
    return {
      name: readName(bytes, (names?.offset ?? 0) + view.getUint32(at, true)),
      section: view.getUint16(at + 6, true),
      value: Number(view.getBigUint64(at + 8, true)),
    };
  });
}

function readRelocations(view: DataView, { offset, size }: SectionHeader): Relocation[] {
  return Array.from({ length: size / REL_BYTES }, (_, position) => {
    const at = offset + position * REL_BYTES;
    return {
      offset: Number(view.getBigUint64(at, true)),
      type: view.getUint32(at + 8, true),
      symbol: view.getUint32(at + 12, true),
    };
  });
}

function readName(bytes: Uint8Array, at: number): string {
  return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)));
}

/** One loadable part of a program. */
export interface Segment {
  flags: number;
  address: bigint;
  data: Uint8Array;
}

const PROGRAM_HEADER_BYTES = 56;

/** A program as the chain's strict loader takes it: header, program headers, then the parts, and nothing else. */
export function writeProgram(
  segments: readonly Segment[],
  entry: bigint,
  flags: number,
): Uint8Array {
  const start = HEADER_BYTES + segments.length * PROGRAM_HEADER_BYTES;
  const bytes = new Uint8Array(start + segments.reduce((sum, { data }) => sum + data.length, 0));
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]);
  view.setUint16(16, 3, true); // ET_DYN
  view.setUint16(18, EM_BPF, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, entry, true);
  view.setBigUint64(32, BigInt(HEADER_BYTES), true);
  view.setUint32(48, flags, true);
  view.setUint16(52, HEADER_BYTES, true);
  view.setUint16(54, PROGRAM_HEADER_BYTES, true);
  view.setUint16(56, segments.length, true);
  view.setUint16(58, SECTION_BYTES, true);
  let offset = start;
  for (const [position, { flags: access, address, data }] of segments.entries()) {
    const at = HEADER_BYTES + position * PROGRAM_HEADER_BYTES;
    const size = BigInt(data.length);
    view.setUint32(at, 1, true); // PT_LOAD
    view.setUint32(at + 4, access, true);
    for (const [field, value] of [BigInt(offset), address, address, size, size, 8n].entries()) {
      view.setBigUint64(at + 8 + 8 * field, value, true);
    }
    bytes.set(data, offset);
    offset += data.length;
  }
  return bytes;
}
