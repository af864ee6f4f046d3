import { t } from '@lingui/core/macro';

/**
 * Browsers inside other apps. They show WebGPU and WASM and then stall or kill the page
 * (reference/platform.md §2.3), so work is not attempted there. A small table, by user agent.
 */
const EMBEDDED: readonly { app: string; pattern: RegExp }[] = [
  { app: 'Facebook', pattern: /\bFB(AN|AV|_IAB)\b/ },
  { app: 'Instagram', pattern: /\bInstagram\b/ },
  { app: 'LINE', pattern: /\bLine\// },
  { app: 'TikTok', pattern: /\b(BytedanceWebview|musical_ly|TikTok)\b/i },
  { app: 'Snapchat', pattern: /\bSnapchat\b/ },
  { app: 'WeChat', pattern: /\bMicroMessenger\b/ },
  { app: 'LinkedIn', pattern: /\bLinkedInApp\b/ },
  { app: 'X', pattern: /\bTwitter\b/ },
];
const IN_ANY_APP = /; wv\)/;

/** The app this page is shown in, or undefined in a browser of its own. */
export function findEmbeddingApp(userAgent: string): string | undefined {
  const known = EMBEDDED.find(({ pattern }) => pattern.test(userAgent))?.app;
  return known ?? (IN_ANY_APP.test(userAgent) ? t`another app` : undefined);
}
