import type { Browser, Page } from 'playwright-core';

const SLOWER = 4;
/** A task of a thread as the browser's tracing names it. */
const [CATEGORY, TASK] = ['disabled-by-default-devtools.timeline', 'RunTask'];

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds of the thread's own time: other programs are not in it. */
  tdur?: number;
  args: { name?: string };
}

/** The longest task of a page's main thread within so long, on a processor four times slower, ms of the thread. */
export async function measureLongestTask(page: Page, windowMs: number): Promise<number> {
  const browser = page.context().browser() as Browser;
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  await browser.startTracing(page, { categories: [CATEGORY, 'toplevel', '__metadata'] });
  await page.waitForTimeout(windowMs);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString('utf8')) as {
    traceEvents: TraceEvent[];
  };
  await session.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  await session.detach();
  const mains = traceEvents.filter(
    ({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain',
  );
  const isMain = ({ pid, tid }: TraceEvent) =>
    mains.some((main) => main.pid === pid && main.tid === tid);
  const tasks = traceEvents.filter((event) => event.name === TASK && event.ph === 'X');
  const times = tasks.filter(isMain).map(({ tdur = 0 }) => tdur / 1_000);
  if (times.length === 0) throw new Error('the trace holds no task of the page');
  return Math.max(...times);
}
