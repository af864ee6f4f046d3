import { keepRunning, type Starter } from './supervisor.ts';

const READY_MS_MAX = 60_000;

/**
 * Starts the development chain of a data folder and gives its URL. When it ends by itself it is
 * started again at the same URL: meanwhile money waits, and work goes on.
 */
export async function startChain(
  children: Starter,
  data: string,
  say: (line: string) => void,
): Promise<string> {
  const wordsOn = (port: string) => ['chain-dev/main.ts', '--data', data, '--port', port];
  const chain = {
    name: 'chain',
    words: wordsOn('0'),
    options: { readyMsMax: READY_MS_MAX },
    again: ({ url }: Record<string, unknown>) => wordsOn(new URL(String(url)).port),
    meanwhile: 'until then work goes on and money waits',
  };
  const { url } = await keepRunning(children, chain, say);
  return String(url);
}
