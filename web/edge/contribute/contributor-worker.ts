import { t } from '@lingui/core/macro';
import type { DeviceMessage, PageMessage } from '#protocol/messages/device.ts';
import { type Result, refuse } from '#protocol/values/refusal.ts';

/** The contributor worker, as the page sees it. */
export interface ContributorWorker {
  post(message: PageMessage, transfer?: Transferable[]): void;
  /** Ends it at once, whatever it does; the hub takes back what it held when its socket closes. */
  close(): void;
}

/**
 * Starts the contributor worker: the one place that does. `onFailed` says that its script could not
 * be loaded or threw where nobody caught it; the worker is of no more use then.
 */
export function openContributorWorker(handlers: {
  onMessage(message: DeviceMessage): void;
  onFailed(reason: string): void;
}): ContributorWorker {
  const worker = new Worker(new URL('../../../worker/main.ts', import.meta.url), {
    type: 'module',
    name: 'contributor',
  });
  worker.onmessage = (event: MessageEvent<DeviceMessage>) => handlers.onMessage(event.data);
  worker.onerror = (event) => {
    event.preventDefault();
    // A script that could not be fetched leaves no message.
    handlers.onFailed(event.message || t`its program could not be loaded`);
  };
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    close() {
      worker.onmessage = null;
      worker.onerror = null;
      worker.terminate();
    },
  };
}

const ASK_MS = 60_000;

/** Asks a worker of its own for one answer: only a worker opens the device's key. */
export function askContributorWorker<T>(
  message: PageMessage,
  resultOf: (said: DeviceMessage) => Result<T> | undefined,
): Promise<Result<T>> {
  return new Promise((resolve) => {
    const end = (result: Result<T>): void => {
      clearTimeout(timer);
      worker.close();
      resolve(result);
    };
    const fail = (reason: string): void => {
      const sentence = t`The worker on this device stopped: ${reason}. Reload the page, then ask again.`;
      end(refuse('internal', sentence));
    };
    const timer = setTimeout(() => fail(t`it took too long`), ASK_MS);
    const worker = openContributorWorker({
      onMessage: (said) => {
        const result = resultOf(said);
        if (result !== undefined) end(result);
      },
      onFailed: fail,
    });
    worker.post(message);
  });
}
