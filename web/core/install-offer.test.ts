import { expect, it } from 'vitest';
import { findInstallOffer, type InstallOffer, type InstallWorld } from './install-offer.ts';
import { PLATFORMS, type Platform } from './platforms.ts';

const WORLD = { canAsk: true, isInstalled: false, isDeclined: false };
const { android, ios, desktop } = PLATFORMS;

it.each<[string, InstallWorld, Platform, number, InstallOffer | undefined]>([
  ['the browser can ask', WORLD, android, 1, 'ask'],
  ['nothing was accepted yet', WORLD, android, 0, undefined],
  ['it is installed', { ...WORLD, isInstalled: true }, android, 9, undefined],
  ['the person declined', { ...WORLD, isDeclined: true }, ios, 9, undefined],
  ['an iPhone installs by hand', { ...WORLD, canAsk: false }, ios, 1, 'by-hand'],
  ['a desktop has no way', { ...WORLD, canAsk: false }, desktop, 1, undefined],
])('where %s the offer is right', (_, ...[world, platform, unitsAccepted, offer]) => {
  expect(findInstallOffer(world, { platform, unitsAccepted })).toBe(offer);
});
