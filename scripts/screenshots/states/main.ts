import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { findChromium } from '../../chromium.ts';
import { ensureBuilt } from '../../start/build.ts';
import { SCHEMES } from '../views.ts';
import { shootStates } from './shoot.ts';

/**
 * Writes a sheet of every state of the contributor's panel for each language and theme:
 * `npm run screenshots:states`.
 */
const FOLDER = 'docs/screenshots/states';
const LANGUAGES = ['en', 'de'] as const;
const SHEET_BYTES_MAX = 300_000;
const COLUMNS = 8;
const TILE_PX = 246;
const GAP_PX = 10;
const GROUND = { light: '#c9ccc4', dark: '#000000' } as const;

/** Lays pictures of one width into columns, each where there is most room. */
async function writeSheet(pictures: readonly Buffer[], ground: string, path: string) {
  const heights = new Array<number>(COLUMNS).fill(GAP_PX);
  const tiles = [];
  for (const picture of pictures) {
    const { data, info } = await sharp(picture)
      .resize({ width: TILE_PX })
      .toBuffer({ resolveWithObject: true });
    const column = heights.indexOf(Math.min(...heights));
    const top = heights[column] ?? 0;
    tiles.push({ input: data, left: GAP_PX + column * (TILE_PX + GAP_PX), top });
    heights[column] = top + info.height + GAP_PX;
  }
  const width = GAP_PX + COLUMNS * (TILE_PX + GAP_PX);
  const size = { width, height: Math.max(...heights) };
  const sheet = await sharp({ create: { ...size, channels: 3, background: ground } })
    .composite(tiles)
    .webp({ quality: 34, effort: 6 })
    .toBuffer();
  if (sheet.length > SHEET_BYTES_MAX) {
    throw new Error(`${path} has ${sheet.length} bytes: make its tiles smaller.`);
  }
  await writeFile(path, sheet);
  process.stdout.write(
    `${path}: ${pictures.length} states, ${Math.round(sheet.length / 1000)} kB\n`,
  );
}

async function main(): Promise<void> {
  await ensureBuilt((line) => process.stdout.write(`${line}\n`));
  await mkdir(FOLDER, { recursive: true });
  const executablePath = await findChromium();
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const taken = LANGUAGES.map(async (language) => {
      const shots = await shootStates(browser, language);
      for (const scheme of SCHEMES) {
        const path = join(FOLDER, `${language}-${scheme}.webp`);
        await writeSheet(shots[scheme], GROUND[scheme], path);
      }
    });
    await Promise.all(taken);
  } finally {
    await browser.close();
  }
}

await main();
