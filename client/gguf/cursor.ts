import { fault, type PocketgridError } from '#protocol/values/refusal.ts';
import type { GgufValue } from './file.ts';

/** The most bytes of one text: chat templates have some thousands. */
const TEXT_BYTES_MAX = 1024 * 1024;
/** The format has names of keys and tensors in ASCII. */
const NAME = /^[\x21-\x7e]{1,128}$/;
const LIST = 9;

/** What is wrong with a file that breaks its format. */
export const malformed = (what: string): PocketgridError =>
  fault('model-format', `The GGUF file ${what}. Download it again, or convert the model anew.`);

/** Reads a file's head in order; each step throws a refusal where the file ends or breaks off. */
export class Cursor {
  #at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get at(): number {
    return this.#at;
  }

  u32 = (): number => this.#view.getUint32(this.#take(4), true);

  /** A length or a place: past 2^53 there is none. */
  size(): number {
    const size = Number(this.#view.getBigUint64(this.#take(8), true));
    if (!Number.isSafeInteger(size)) throw malformed('has a number past 2^53');
    return size;
  }

  /** How many things follow, of which each has at least so many bytes. */
  count(of: string, least: number): number {
    const count = this.size();
    const left = this.#bytes.length - this.#at;
    if (count * least > left) throw endsEarly(`${count} ${of}`);
    return count;
  }

  text(): string {
    const length = this.count('bytes of text', 1);
    if (length > TEXT_BYTES_MAX) throw malformed(`has a text of ${length} bytes`);
    const at = this.#take(length);
    return new TextDecoder().decode(this.#bytes.subarray(at, at + length));
  }

  /** A text that names a thing, and may stand in a sentence. */
  name(): string {
    const name = this.text();
    if (!NAME.test(name)) throw malformed('has a name that is no short line of plain text');
    return name;
  }

  value(type: number): GgufValue {
    if (type !== LIST) return this.#single(type);
    const inner = this.u32();
    const least = LEAST_BYTES[inner];
    if (least === undefined) throw malformed(`has a list of values of type ${inner}`);
    const length = this.count('values', least);
    return Array.from({ length }, () => this.#single(inner));
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (bytes > this.#bytes.length - at) throw endsEarly(`${bytes} bytes`);
    this.#at += bytes;
    return at;
  }

  #single(type: number): number | string | boolean {
    const view = this.#view;
    switch (type) {
      case 0:
        return view.getUint8(this.#take(1));
      case 1:
        return view.getInt8(this.#take(1));
      case 2:
        return view.getUint16(this.#take(2), true);
      case 3:
        return view.getInt16(this.#take(2), true);
      case 4:
        return this.u32();
      case 5:
        return view.getInt32(this.#take(4), true);
      case 6:
        return view.getFloat32(this.#take(4), true);
      case 7:
        return view.getUint8(this.#take(1)) !== 0;
      case 8:
        return this.text();
      case 10:
        return this.size();
      case 11:
        return Number(view.getBigInt64(this.#take(8), true));
      case 12:
        return view.getFloat64(this.#take(8), true);
      default:
        throw malformed(`has a value of type ${type}, which GGUF does not know`);
    }
  }
}

/** Bytes of the shortest value of each type (`gguf_metadata_value_type`). */
const LEAST_BYTES: Readonly<Record<number, number>> = {
  ...{ 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 8: 8, 10: 8, 11: 8, 12: 8 },
};

/** A file that ends before what it announces. */
export const endsEarly = (what: string): PocketgridError =>
  fault('model-truncated', `The GGUF file ends before ${what} it announces. Download it again.`);
