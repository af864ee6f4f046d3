/** Changes right outputs of a unit, in place, into those of a GPU. */
export type FakeGpu = (outputs: Uint8Array<ArrayBuffer>) => void;

/** Relative to 1, as all outputs of a unit are scaled alike: noise of a float, and far off. */
const NOISE = 1e-7;
const FAR = 1e-2;
/** Units until a GPU breaks; its admission takes fewer. */
const HEALTHY_UNITS = 20;

/** An honest GPU: one unit in 120 is far off. */
export const honestGpu = (): FakeGpu => oddGpu((unit) => unit % 120 === 60);

/** A GPU that breaks after its admission: from then on one unit in four is far off. */
export const breakingGpu = (): FakeGpu => oddGpu((unit) => unit > HEALTHY_UNITS && unit % 4 === 0);

/** Far off where `isOdd` says so of the number of units computed. */
function oddGpu(isOdd: (unit: number) => boolean): FakeGpu {
  let computed = 0;
  return (outputs) => {
    computed += 1;
    scale(outputs, isOdd(computed) ? FAR : NOISE);
  };
}

function scale(outputs: Uint8Array<ArrayBuffer>, by: number): void {
  const floats = new Float32Array(outputs.buffer, outputs.byteOffset, outputs.length / 4);
  for (const [at, value] of floats.entries()) floats[at] = value * (1 + by);
}
