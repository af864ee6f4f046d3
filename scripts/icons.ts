import { readFile, writeFile } from 'node:fs/promises';
import sharp from 'sharp';

/** Writes the PNG icons of the manifest from the one SVG: `npx tsx scripts/icons.ts`. */
const FOLDER = new URL('../public/icons/', import.meta.url);
const BACKGROUND = '#c2410c';
/** A launcher may cut a maskable icon to a circle of 80 % of its width. */
const MASKABLE_SHARE = 0.86;

async function writeIcon(name: string, size: number, svg: Buffer): Promise<void> {
  await writeFile(new URL(name, FOLDER), await sharp(svg).resize(size, size).png().toBuffer());
}

async function writeMaskable(name: string, size: number, svg: Buffer): Promise<void> {
  const inner = Math.round(size * MASKABLE_SHARE);
  const mark = await sharp(svg).resize(inner, inner).png().toBuffer();
  const icon = sharp({
    create: { width: size, height: size, channels: 3, background: BACKGROUND },
  });
  await writeFile(
    new URL(name, FOLDER),
    await icon
      .composite([{ input: mark }])
      .png()
      .toBuffer(),
  );
}

const svg = await readFile(new URL('icon.svg', FOLDER));
// iOS rounds the corners itself and shows transparency as black.
const square = Buffer.from(svg.toString().replace(' rx="112"', ''));
await writeIcon('icon-180.png', 180, square);
await writeIcon('icon-192.png', 192, svg);
await writeIcon('icon-512.png', 512, svg);
await writeMaskable('maskable-512.png', 512, square);
