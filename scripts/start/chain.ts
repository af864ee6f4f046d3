import type { Children } from './children.ts';

const READY_MS_MAX = 60_000;
const RESTARTS = { most: 5, withinMs: 60_000 };

/** The parts of `Children` that a chain is started by. */
type Starter = Pick<Children, 'start'>;

/**
 * Starts the development chain of a data folder and gives its URL. When it ends by itself it is
 * started again at the same URL: meanwhile money waits, and work goes on. A chain that ends too
 * often is left alone.
 */
export async function startChain(
  children: Starter,
  data: string,
  say: (line: string) => void,
): Promise<string> {
  let port = '0';
  let restarts: number[] = [];
  const start = () => {
    const words = ['chain-dev/main.ts', '--data', data, '--port', port];
    return children.start('chain', words, { readyMsMax: READY_MS_MAX, onEnd });
  };
  const onEnd = (sentence: string) => {
    // The first start failed: whoever waits for it hears why.
    if (port === '0') return;
    const now = Date.now();
    restarts = restarts.filter((at) => at > now - RESTARTS.withinMs);
    if (restarts.length >= RESTARTS.most) {
      say(
        `${sentence}\nThe chain stays down: work goes on, and money waits for the next npm start.`,
      );
      return;
    }
    restarts.push(now);
    say(`${sentence}\nThe chain is started again; until then work goes on and money waits.`);
    start();
  };
  const { url } = await start().ready;
  port = new URL(String(url)).port;
  return String(url);
}
