import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

/** What the manifest and messengers show of the app. */
const FOLDER = 'public/pictures';
const CARD = { width: 1_200, height: 630 } as const;
const COLOURS = { ground: '#f4f5f0', ink: '#101715', soft: '#4a5652' } as const;
const ICON = { side: 120, left: 80, top: 96 } as const;
const PHONE = { width: 420, left: 720, top: 60 } as const;

const WORDS = `<svg xmlns="http://www.w3.org/2000/svg" width="${CARD.width}" height="${CARD.height}" font-family="DejaVu Sans, sans-serif">
  <text x="80" y="310" font-size="48" font-weight="700" fill="${COLOURS.ink}">Lend AI your phone’s</text>
  <text x="80" y="372" font-size="48" font-weight="700" fill="${COLOURS.ink}">spare seconds</text>
  <text x="80" y="460" font-size="30" fill="${COLOURS.soft}">Open the page, tap Start.</text>
  <text x="80" y="505" font-size="30" fill="${COLOURS.soft}">No install, no account.</text>
</svg>`;

/** Writes the pictures that the app itself shows, from those of the documents in `shown`. */
export async function writeAppPictures(shown: string): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const phone = join(shown, 'contribute-phone-light.png');
  await copyFile(phone, join(FOLDER, 'phone.png'));
  await copyFile(join(shown, 'contribute-desktop-light.png'), join(FOLDER, 'desktop.png'));
  await writeCard(phone);
}

/** Open Graph's picture of a page: 1,200 by 630 (ogp.me). */
async function writeCard(phone: string): Promise<void> {
  const icon = await sharp(await readFile('public/icons/icon.svg'))
    .resize(ICON.side, ICON.side)
    .png()
    .toBuffer();
  const { width, left, top } = PHONE;
  const screen = await sharp(phone)
    .resize({ width })
    .extract({ left: 0, top: 0, width, height: CARD.height - top })
    .png()
    .toBuffer();
  await sharp({ create: { ...CARD, channels: 3, background: COLOURS.ground } })
    .composite([
      { input: Buffer.from(WORDS), left: 0, top: 0 },
      { input: icon, left: ICON.left, top: ICON.top },
      { input: screen, left, top },
    ])
    .png({ palette: true, colours: 128, effort: 10 })
    .toFile(join(FOLDER, 'card.png'));
}
