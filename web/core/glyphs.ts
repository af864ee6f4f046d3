/** Side of the picture in cells: the sample job's images are as coarse as this. */
export const FIELD_SIDE = 8;

/** Digits as the sample job's model would see them: one hex digit of ink per cell, row by row. */
const GLYPHS: readonly string[] = [
  '00000000004ce90000e73e3000502e300002d900003e910001efef7000443100',
  '0000010001efff100034e7000008f80000002f2002801e2001cee90000033000',
  '00012200008ffe1000b8100000dffa0000201e4002601e3002deea0000033000',
  '00011000005ef60000c67d00007ef500008dd90000d43f00009eeb0000033000',
];

/** Ink of each cell, 0 to 1, of the picture shown at `step`; pictures form a ring. */
export function drawGlyph(step: number): readonly number[] {
  const glyph = GLYPHS[step % GLYPHS.length] ?? '';
  return Array.from(glyph, (digit) => Number.parseInt(digit, 16) / 15);
}

/** Ink of each cell for a share of work done: whole cells, then one in part. */
export function drawShare(share: number): readonly number[] {
  const cells = FIELD_SIDE * FIELD_SIDE;
  return Array.from({ length: cells }, (_, cell) => Math.min(1, Math.max(0, share * cells - cell)));
}
