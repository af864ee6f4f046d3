import {
  encodeBytes,
  feedOf,
  type Level,
  type OrtRuntime,
  openModel,
  type Plain,
} from './session.ts';

/** One run of one model: a unit of so many items at one graph optimisation level. */
export interface ExactCase {
  model: string;
  batch: number;
  level: Level;
  /** Names of files beside the job's own: the model, and its inputs as JSON. */
  modelFile: string;
  inputsFile: string;
  /** Sizes of the model's free dimensions: shapes are fixed, as on the exact lane. */
  free: Record<string, number>;
}

/** What one engine runs in one process: how many threads the runtime has is fixed at first use. */
export interface ExactJob {
  id: string;
  threads: number;
  cases: ExactCase[];
}

/** One output tensor; its little-endian bytes in base64. */
export interface PlainOutput {
  name: string;
  dtype: string;
  data: string;
}

/** What an engine tells as it goes: one message for each case in order, then the end. */
export type ExactMessage =
  | { type: 'outputs'; outputs: PlainOutput[] }
  /** This case cannot be run here, in the runtime's words. */
  | { type: 'refused'; reason: string }
  /** `threads` is what the runtime really had. */
  | { type: 'end'; threads: number }
  | { type: 'failed'; reason: string };

/** Runs the cases one after the other; `read` gives the bytes of a file beside the job's. */
export async function* runCases(
  ort: OrtRuntime,
  { cases }: ExactJob,
  read: (file: string) => Promise<Uint8Array>,
): AsyncGenerator<ExactMessage> {
  let model = { file: '', bytes: new Uint8Array() };
  for (const each of cases) {
    if (model.file !== each.modelFile) {
      model = { file: each.modelFile, bytes: new Uint8Array(await read(each.modelFile)) };
    }
    const inputs = JSON.parse(new TextDecoder().decode(await read(each.inputsFile))) as Plain[];
    yield await runCase(ort, { ...each, bytes: model.bytes, inputs }).catch(
      (error: unknown): ExactMessage => ({ type: 'refused', reason: String(error) }),
    );
  }
  yield { type: 'end', threads: ort.env.wasm.numThreads ?? 1 };
}

async function runCase(
  ort: OrtRuntime,
  { bytes, free, level, inputs }: ExactCase & { bytes: Uint8Array; inputs: Plain[] },
): Promise<ExactMessage> {
  const session = await openModel(ort, bytes, { free, level });
  try {
    const values = await session.run(feedOf(ort, inputs));
    const outputs = Object.keys(values)
      .sort()
      .map((name) => {
        const { type = '', data } = values[name] ?? {};
        const { buffer, byteOffset, byteLength } = data as Float32Array;
        return {
          name,
          dtype: type,
          data: encodeBytes(new Uint8Array(buffer, byteOffset, byteLength)),
        };
      });
    return { type: 'outputs', outputs };
  } finally {
    await session.release();
  }
}
