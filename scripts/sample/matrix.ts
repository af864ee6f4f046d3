/** Row-major matrices in flat arrays: what the layers are made of. All add to `out`. */
export interface MatrixSizes {
  rows: number;
  inner: number;
  columns: number;
}

/** out[rows, columns] += left[rows, inner] · right[inner, columns]. */
export function addProduct(
  out: Float64Array,
  [left, right]: readonly [Float64Array, Float64Array],
  { rows, inner, columns }: MatrixSizes,
): void {
  for (let row = 0; row < rows; row++) {
    const at = row * columns;
    let k = 0;
    // Four rows of `right` at a time: a quarter of the loads and stores of `out`.
    for (; k + 3 < inner; k += 4) {
      const from = row * inner + k;
      const a = left[from] as number;
      const b = left[from + 1] as number;
      const c = left[from + 2] as number;
      const d = left[from + 3] as number;
      const r0 = k * columns;
      const r1 = r0 + columns;
      const r2 = r1 + columns;
      const r3 = r2 + columns;
      for (let column = 0; column < columns; column++) {
        out[at + column] =
          (out[at + column] as number) +
          a * (right[r0 + column] as number) +
          b * (right[r1 + column] as number) +
          c * (right[r2 + column] as number) +
          d * (right[r3 + column] as number);
      }
    }
    for (; k < inner; k++) {
      const a = left[row * inner + k] as number;
      for (let column = 0; column < columns; column++) {
        out[at + column] =
          (out[at + column] as number) + a * (right[k * columns + column] as number);
      }
    }
  }
}

/** [rows, columns] → [columns, rows]. */
export function transpose(source: Float64Array, rows: number, columns: number): Float64Array {
  const turned = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      turned[column * rows + row] = source[row * columns + column] as number;
    }
  }
  return turned;
}
