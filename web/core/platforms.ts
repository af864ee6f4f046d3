import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';
import type { PresetName } from '#protocol/messages/care.ts';

/** What is known of the browsers of one platform, and what follows from it. */
export interface Platform {
  name: 'ios' | 'android' | 'desktop';
  /** How it works until its person chooses. */
  preset: PresetName;
  /** Whether any of its browsers tells of the battery, and of the kind of line. */
  tellsBattery: boolean;
  tellsLine: boolean;
  /** What becomes of a page that is out of sight. */
  hidden: MessageDescriptor;
  source: string;
}

/** Facts of platforms, from the compatibility data of MDN in August 2026 and vendors' pages. */
export const PLATFORMS: Readonly<Record<Platform['name'], Platform>> = {
  ios: {
    name: 'ios',
    preset: 'balanced',
    tellsBattery: false,
    tellsLine: false,
    hidden: msg`iPhones and iPads suspend a page about three seconds after it leaves the screen.`,
    source:
      'https://frontendmasters.com/courses/background-javascript/observing-mobile-background-javascript/',
  },
  android: {
    name: 'android',
    preset: 'balanced',
    tellsBattery: true,
    tellsLine: true,
    hidden: msg`Android freezes a page after five minutes out of sight, and slows it before.`,
    source: 'https://www.chromestatus.com/feature/4639097628917760',
  },
  desktop: {
    name: 'desktop',
    preset: 'all',
    tellsBattery: true,
    tellsLine: false,
    hidden: msg`Browsers slow pages that are out of sight.`,
    source: 'https://developer.chrome.com/blog/background_tabs',
  },
};

/** The platform that a browser says it runs on; an iPad with a Mac's name is told by its touch screen. */
export function findPlatform(agent: string, touchPoints: number): Platform {
  if (/iP(hone|ad|od)/.test(agent)) return PLATFORMS.ios;
  if (/Macintosh/.test(agent) && touchPoints > 1) return PLATFORMS.ios;
  return /Android/.test(agent) ? PLATFORMS.android : PLATFORMS.desktop;
}
