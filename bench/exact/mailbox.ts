import type { ExactMessage } from '../page/exact-cases.ts';

/** Where pages post what came of their jobs; the query of the address names the job. */
export interface Mailbox {
  receive(url: URL, body: string): void;
  /**
   * The messages of a job up to its end. Throws when the page tells of a failure, when nothing
   * comes for `silenceMs`, or when `stopped` does first.
   */
  collect(job: string, silenceMs: number, stopped?: Promise<never>): Promise<ExactMessage[]>;
}

export function openMailbox(): Mailbox {
  const open = new Map<string, (message: ExactMessage) => void>();
  return {
    receive(url, body) {
      open.get(url.searchParams.get('job') ?? '')?.(JSON.parse(body) as ExactMessage);
    },
    async collect(job, silenceMs, stopped) {
      let timer: NodeJS.Timeout | undefined;
      const whole = new Promise<ExactMessage[]>((resolve, reject) => {
        const messages: ExactMessage[] = [];
        const wait = () => {
          clearTimeout(timer);
          timer = setTimeout(
            () => reject(new Error(`nothing came for ${silenceMs} ms`)),
            silenceMs,
          );
        };
        wait();
        open.set(job, (message) => {
          wait();
          messages.push(message);
          if (message.type === 'failed') reject(new Error(message.reason));
          if (message.type === 'end') resolve(messages);
        });
      });
      try {
        return await (stopped === undefined ? whole : Promise.race([whole, stopped]));
      } finally {
        clearTimeout(timer);
        open.delete(job);
      }
    },
  };
}
