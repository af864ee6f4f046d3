import type { ShareCard } from '../../core/share-card.ts';
import { saveFile } from '../jobs/save-file.ts';

const SIZE = { width: 1200, height: 630 } as const;
const MARGIN = 80;
const COLUMN = 265;
const COLOURS = {
  back: '#101a2b',
  ink: '#f4f7fb',
  soft: '#a9b8cc',
  lit: '#ffb020',
  cell: '#2a3d5c',
};
const NAME = 'pocketgrid.png';

/**
 * Draws a picture of what a device did, and hands it to what the person shares with, or to the
 * browser's downloads: nothing goes anywhere else.
 */
export async function sharePicture(card: ShareCard): Promise<'shared' | 'saved' | 'left'> {
  const picture = await drawCard(card);
  const file = new File([picture], NAME, { type: picture.type });
  if (navigator.canShare?.({ files: [file] }) !== true) {
    saveFile(NAME, picture);
    return 'saved';
  }
  try {
    await navigator.share({ files: [file], text: card.title });
    return 'shared';
  } catch {
    // The person closed the list of apps.
    return 'left';
  }
}

async function drawCard({ title, figures, foot }: ShareCard): Promise<Blob> {
  const canvas = Object.assign(document.createElement('canvas'), SIZE);
  const paint = canvas.getContext('2d');
  if (paint === null) throw new Error('this browser draws no pictures');
  const { direction } = getComputedStyle(document.documentElement);
  const isMirrored = direction === 'rtl';
  paint.direction = isMirrored ? 'rtl' : 'ltr';
  paint.fillStyle = COLOURS.back;
  paint.fillRect(0, 0, SIZE.width, SIZE.height);
  paintMark(paint, isMirrored ? MARGIN : SIZE.width - MARGIN - 120);
  const write = (
    text: string,
    at: { x: number; y: number; size: number; colour: string; width?: number },
  ) => {
    paint.font = ['600', `${at.size}px`, 'system-ui'].join(' ');
    paint.fillStyle = at.colour;
    const x = isMirrored ? SIZE.width - at.x : at.x;
    paint.fillText(text, x, at.y, at.width ?? SIZE.width - 2 * MARGIN);
  };
  write(title, { x: MARGIN, y: 290, size: 52, colour: COLOURS.ink });
  for (const [place, { value, label }] of figures.entries()) {
    const column = { x: MARGIN + place * COLUMN, width: COLUMN - 30 };
    write(value, { ...column, y: 410, size: 60, colour: COLOURS.lit });
    write(label, { ...column, y: 460, size: 28, colour: COLOURS.soft });
  }
  write(foot, { x: MARGIN, y: 560, size: 30, colour: COLOURS.soft });
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error('this browser makes no PNG'));
      else resolve(blob);
    }, 'image/png');
  });
}

/** Nine cells, the middle one at work. */
function paintMark(paint: CanvasRenderingContext2D, left: number): void {
  for (let cell = 0; cell < 9; cell += 1) {
    paint.fillStyle = cell === 4 ? COLOURS.lit : COLOURS.cell;
    paint.fillRect(left + (cell % 3) * 42, MARGIN + Math.floor(cell / 3) * 42, 36, 36);
  }
}
