import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openBrowser } from '../browser.ts';
import type { BenchContext } from '../figure.ts';
import { pageFolders } from '../page-server.ts';
import { openStaticServer } from '../static-server.ts';
import { type AbsentEngine, type Engine, readMessages } from './engine.ts';
import { findFirefox, openFirefox } from './firefox.ts';
import { openMailbox } from './mailbox.ts';

/** A model of 90 MB that is loaded and run on a busy machine takes this long at most. */
const SILENCE_MS_MAX = 3 * 60_000;

/** Chromium and Firefox: a page of ours runs each job and posts what came of it. */
export async function openBrowsers(context: BenchContext): Promise<(Engine | AbsentEngine)[]> {
  const mailbox = openMailbox();
  const server = await openStaticServer(pageFolders(context), context, mailbox.receive);
  const pageOf = (job: string) => `${server.url}/bench/page/exact.html?job=${job}`;
  const browser = await openBrowser(context);
  const chromium: Engine = {
    name: 'V8 in Chromium',
    version: `Chromium ${browser.browser()?.version() ?? 'unknown'}`,
    async run(job) {
      const collected = mailbox.collect(job.id, SILENCE_MS_MAX);
      // Where the page does not open, nobody waits for it.
      collected.catch(() => undefined);
      const page = await browser.newPage();
      try {
        await page.goto(pageOf(job.id));
        return readMessages(job, await collected);
      } finally {
        await page.close();
      }
    },
  };
  return [chromium, await firefoxEngine()];

  async function firefoxEngine(): Promise<Engine | AbsentEngine> {
    const name = 'SpiderMonkey in Firefox';
    // Its start alone takes seconds.
    const found = context.quick ? { reason: 'left out by --quick' } : await findFirefox(context);
    if ('reason' in found) return { name, reason: found.reason };
    return {
      name,
      version: `Firefox ${found.version}`,
      async run(job) {
        const folder = join(context.folder, `firefox-${job.id}`);
        const firefox = await openFirefox(found.path, pageOf(job.id), folder);
        try {
          const messages = await mailbox.collect(job.id, SILENCE_MS_MAX, firefox.stopped);
          return readMessages(job, messages);
        } finally {
          await firefox.close();
          await rm(folder, { recursive: true, force: true });
        }
      },
    };
  }
}
