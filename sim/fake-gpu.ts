/** Changes right outputs, in place, into those of a GPU. */
export type FakeGpu = (outputs: Uint8Array<ArrayBuffer>) => void;

/** One unit in so many is ill-conditioned: all GPUs are beyond tolerance there, in the same way. */
const ILL_EVERY = 23;
/** Relative to 1, as all outputs of a unit are scaled alike: noise of a float, and far off. */
const NOISE = 1e-7;
const FAR = 1e-2;
const HEALTHY_UNITS = 20;

const isIll = (outputs: Uint8Array): boolean => (outputs[0] ?? 0) % ILL_EVERY === 0;

/** An honest GPU: noise in all it computes, and ill-conditioned units far off. */
export const honestGpu: FakeGpu = (outputs) => scale(outputs, isIll(outputs) ? FAR : NOISE);

/** A GPU that breaks after its admission: one unit in eight is far off that is not for others. */
export function breakingGpu(): FakeGpu {
  let computed = 0;
  return (outputs) => {
    computed += 1;
    const isBroken = computed > HEALTHY_UNITS && (outputs[1] ?? 0) % 8 === 0;
    if (isBroken && !isIll(outputs)) scale(outputs, -FAR);
    else honestGpu(outputs);
  };
}

function scale(outputs: Uint8Array<ArrayBuffer>, by: number): void {
  const floats = new Float32Array(outputs.buffer, outputs.byteOffset, outputs.length / 4);
  for (const [at, value] of floats.entries()) floats[at] = value * (1 + by);
}
