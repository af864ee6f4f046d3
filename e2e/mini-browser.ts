import { findPort } from './grid.ts';
import { openCommand, type Program } from './program.ts';
import type { Tab } from './tab.ts';
import { clickOn, openSession } from './webdriver.ts';

const CALL_MS_MAX = 60_000;

/** WebKitGTK's own small browser, by its WebDriver, on a screen that nobody sees. */
export async function openMiniBrowser(
  programs: { driver: string; screen: string; browser: string },
  size: { width: number; height: number },
): Promise<Tab> {
  const started: Program[] = [];
  const start = (name: string, words: readonly string[], env = {}): Program => {
    const program = openCommand(name, words, env);
    started.push(program);
    return program;
  };
  const close = async (): Promise<void> => {
    for (const program of started.reverse()) await program.stop();
  };
  try {
    const pixels = `${size.width}x${size.height}x24`;
    const screen = [programs.screen, '-displayfd', '1', '-screen', '0', pixels];
    const xvfb = start('Xvfb', [...screen, '-nolisten', 'tcp']);
    const display = `:${await xvfb.line(/^\d+$/)}`;
    const port = await findPort();
    const driver = [programs.driver, `--port=${port}`, '--host=127.0.0.1'];
    start('WebKitWebDriver', driver, { DISPLAY: display });
    const options = { binary: programs.browser, args: ['--automation'] };
    const session = await openSession(`http://127.0.0.1:${port}`, {
      capabilities: { browserName: 'MiniBrowser', 'webkitgtk:browserOptions': options },
      timeoutMs: CALL_MS_MAX,
    });
    // As Playwright does, a click waits for what it clicks on.
    await session.call('POST', '/timeouts', { implicit: CALL_MS_MAX / 2 });
    return {
      open: async (url) => void (await session.call('POST', '/url', { url })),
      click: (selector) => clickOn(session, selector),
      run: (script) => session.call('POST', '/execute/sync', { script, args: [] }),
      async close() {
        await session.call('DELETE', '').catch(() => undefined);
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
