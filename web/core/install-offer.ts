import type { Platform } from './platforms.ts';

/** How this page gets onto the home screen: by the browser's own question, or by hand. */
export type InstallOffer = 'ask' | 'by-hand';

/** What is known of installing this page here. */
export interface InstallWorld {
  /** The browser would ask its person. */
  canAsk: boolean;
  isInstalled: boolean;
  /** The person wanted none of it. */
  isDeclined: boolean;
}

/** What to offer, once this device has seen that it works: before that, nobody knows what for. */
export function findInstallOffer(
  { canAsk, isInstalled, isDeclined }: InstallWorld,
  { platform, unitsAccepted }: { platform: Platform; unitsAccepted: number },
): InstallOffer | undefined {
  if (isInstalled || isDeclined || unitsAccepted === 0) return undefined;
  if (canAsk) return 'ask';
  return platform.name === 'ios' ? 'by-hand' : undefined;
}
