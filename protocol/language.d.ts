/** The Encoding Standard, present in every world we run in; the ES library files leave it out. */
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label?: 'utf-8' | 'utf-16le' | 'utf-16be', options?: { fatal?: boolean });
  decode(bytes?: Uint8Array, options?: { stream?: boolean }): string;
}
/** Base64 of the HTML Standard, present in every world we run in. */
declare function btoa(binary: string): string;
declare function atob(text: string): string;
