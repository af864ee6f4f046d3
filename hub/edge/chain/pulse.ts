import type { Health } from '#protocol/api/grid-view.ts';
import type { Log } from '../process/log.ts';
import type { ChainReader } from './reader.ts';

/** Whether the chain answers, found by asking it again and again. */
export interface ChainPulse {
  state(): Health['chain'];
  close(): void;
}

/** Of a hub without a chain. */
export const noPulse = (): ChainPulse => ({ state: () => 'none', close: () => undefined });

/**
 * Asks the chain for its genesis hash `everyMs` after each answer, and logs when it falls silent or
 * is back.
 */
export function openChainPulse(
  reader: Pick<ChainReader, 'genesisHash'>,
  { everyMs, log }: { everyMs: number; log: Log },
): ChainPulse {
  let state: Health['chain'] = 'silent';
  let isWarned = false;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  const ask = async (): Promise<void> => {
    const answer = await reader.genesisHash();
    if (isClosed) return;
    state = answer.ok ? 'answers' : 'silent';
    if (!answer.ok && !isWarned) {
      log.warn(
        { reason: answer.refusal.message },
        'the chain is silent: money waits, work goes on',
      );
    }
    if (answer.ok && isWarned) log.warn({}, 'the chain answers again');
    isWarned = !answer.ok;
    timer = setTimeout(ask, everyMs);
  };
  void ask();
  return {
    state: () => state,
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
