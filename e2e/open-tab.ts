import { type FullProject, firefox } from '@playwright/test';
import { openMiniBrowser } from './mini-browser.ts';
import type { Tab } from './tab.ts';

const PHONE = { width: 390, height: 844 };
const TAB_MS_MAX = 60_000;

/** Opens the browser of this project with a fresh profile, and one tab. */
export const openTab = (project: FullProject): Promise<Tab> =>
  project.name === 'firefox' ? openFirefox(project.use) : openWebkit(project.metadata);

async function openFirefox({ channel, launchOptions }: FullProject['use']): Promise<Tab> {
  const browser = await firefox.launch({ ...launchOptions, ...(channel && { channel }) });
  const page = await browser.newPage({ viewport: PHONE });
  page.setDefaultTimeout(TAB_MS_MAX);
  return {
    open: async (url) => void (await page.goto(url)),
    click: (selector) => page.locator(selector).first().click(),
    run: (body) => page.evaluate(`(() => { ${body} })()`),
    close: () => browser.close(),
  };
}

const openWebkit = ({ driver = '', screen = '', browser = '' }: Record<string, string>) =>
  openMiniBrowser({ driver, screen, browser }, PHONE);
