/** Weight of the penalty beside that of a training item. */
const PENALTY = 1e-6;

/**
 * Learns to predict vectors from vectors by ridge regression, with a constant beside the inputs:
 * what a forger does who would rather not run a model. Returns the predictor.
 */
export function fitRidge(
  inputs: readonly Float32Array[],
  targets: readonly Float32Array[],
): (input: Float32Array) => Float32Array {
  const rows = inputs.map((input) => [...input, 1]);
  const size = rows[0]?.length ?? 0;
  const width = targets[0]?.length ?? 0;
  // The normal equations with their right sides: (XᵀX + λ) W = XᵀY.
  const system = Array.from({ length: size }, (_, a) => {
    const line = new Float64Array(size + width);
    for (const [item, row] of rows.entries()) {
      const value = row[a] ?? 0;
      if (value === 0) continue;
      for (let b = 0; b < size; b += 1) line[b] = (line[b] ?? 0) + value * (row[b] ?? 0);
      for (let to = 0; to < width; to += 1) {
        line[size + to] = (line[size + to] ?? 0) + value * (targets[item]?.[to] ?? 0);
      }
    }
    line[a] = (line[a] ?? 0) + PENALTY * rows.length;
    return line;
  });
  eliminate(system);
  return (input) =>
    Float32Array.from({ length: width }, (_, to) =>
      [...input, 1].reduce((sum, value, a) => sum + value * (system[a]?.[size + to] ?? 0), 0),
    );
}

/** Gauss and Jordan, in place. The system is positive definite, so no pivot is 0. */
function eliminate(system: readonly Float64Array[]): void {
  for (const [pivot, row] of system.entries()) {
    const by = row[pivot] ?? 1;
    for (const [at, value] of row.entries()) row[at] = value / by;
    for (const [other, line] of system.entries()) {
      const factor = line[pivot] ?? 0;
      if (other === pivot || factor === 0) continue;
      for (const [at, value] of row.entries()) line[at] = (line[at] ?? 0) - factor * value;
    }
  }
}
