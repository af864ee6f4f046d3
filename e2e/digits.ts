import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Grid } from './grid.ts';
import type { Assurance, JobFacts } from './hub-api.ts';
import { runProgram } from './program.ts';

const MODEL = 'public/sample/digits.onnx';
const INPUTS = 'public/sample/digits.npy';
const ROW_FLOATS = 64;
/** NPY (format 1.0): magic, version, a header of this many bytes that says dtype and shape. */
const HEADER_BYTES = 118;

/** The model of the sample job. */
export const readModel = (): Promise<Buffer> => readFile(MODEL);

/** Rows of sample images as an NPY file; each round over the sample is a little darker. */
export async function makeRows(count: number): Promise<Buffer> {
  const sample = await readFile(INPUTS);
  const start = 10 + sample.readUInt16LE(8);
  const held = (sample.length - start) / 4;
  const rows = Buffer.alloc(count * ROW_FLOATS * 4);
  for (let index = 0; index < count * ROW_FLOATS; index += 1) {
    const round = Math.floor(index / held);
    const value = sample.readFloatLE(start + (index % held) * 4);
    rows.writeFloatLE(value * (1 - round / 256), index * 4);
  }
  const words = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, 1, 8, 8), }`;
  const header = Buffer.alloc(10 + HEADER_BYTES, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(HEADER_BYTES, 8);
  header.write(words, 10);
  header.write('\n', header.length - 1);
  return Buffer.concat([header, rows]);
}

/** Posts the sample's model over these rows; the job starts by itself. */
export async function postDigits(
  grid: Grid,
  inputs: Buffer,
  how: number | { unitItems: number; assurance?: Assurance; taps?: boolean },
): Promise<JobFacts> {
  const options = {
    assurance: 'instant' as const,
    ...(typeof how === 'number' ? { unitItems: how } : how),
  };
  const model = await readModel();
  return grid.api.post({ model, inputs, options: { name: 'Digits', ...options } });
}

/** The rows a bare onnxruntime-web makes of the same model, inputs and shape of unit. */
export async function runBare(grid: Grid, rows: Buffer, unitItems: number): Promise<Buffer> {
  const [inputs, outputs] = [join(grid.folder, 'rows.bin'), join(grid.folder, 'bare.bin')];
  await writeFile(inputs, rows.subarray(10 + HEADER_BYTES));
  await runProgram('bare run', ['e2e/bare-run.ts', MODEL, inputs, outputs, String(unitItems)]);
  return readFile(outputs);
}
