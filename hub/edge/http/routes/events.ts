import { type Job, viewJob } from '../../../core/hub.ts';
import { answerEvents, reject } from '../answer.ts';
import type { ApiPorts, KeyCall } from '../route.ts';
import { ACCESS_MS } from '../stream-body.ts';

const INTERVAL_MS = 250;
/** Proxies close connections that stay silent for long. */
const HEARTBEAT_MS = 15_000;
const STREAMS_MAX = 1_000;

/**
 * A job's event stream (SSE, HTML Standard §9.2): one event at once, then one after each change, at
 * most four a second. A reader that is behind gets the newest view, not every one. It ends soon
 * after its key does.
 */
export function openEventStreams(ports: ApiPorts): (job: Job, call: KeyCall) => Response {
  let open = 0;
  return (job, { mayGoOn }) => {
    if (open >= STREAMS_MAX) {
      return reject('busy', 'too many event streams are open; poll the job instead');
    }
    open += 1;
    const ended = () => {
      open -= 1;
    };
    const body = streamJob(ports, job, { ended, mayGoOn });
    return answerEvents(body);
  };
}

function streamJob(
  { hub, loop, stopping }: ApiPorts,
  job: Job,
  { ended, mayGoOn }: { ended(): void; mayGoOn: KeyCall['mayGoOn'] },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let end = () => {};
  return new ReadableStream<Uint8Array>({
    start(controller) {
      let [changed, isOpen] = [true, true];
      let spokeAt = Date.now();
      const say = (text: string) => {
        controller.enqueue(encoder.encode(text));
        spokeAt = Date.now();
      };
      const tell = () => {
        if ((controller.desiredSize ?? 0) <= 0) return;
        if (changed) {
          changed = false;
          const event = { at: Date.now(), job: viewJob(hub, job) };
          say(`event: job\ndata: ${JSON.stringify(event)}\n\n`);
        } else if (Date.now() - spokeAt >= HEARTBEAT_MS) {
          say(': still here\n\n');
        }
      };
      const unwatch = loop.watch(job.record.id, () => {
        changed = true;
      });
      const timer = setInterval(tell, INTERVAL_MS);
      const stop = () => {
        end();
        controller.close();
      };
      const look = () =>
        mayGoOn().then(
          (may) => {
            if (!may && isOpen) stop();
          },
          // The disk may be away for a moment; the next look tells.
          () => undefined,
        );
      const access = setInterval(look, ACCESS_MS);
      stopping.addEventListener('abort', stop);
      end = () => {
        end = () => {};
        isOpen = false;
        clearInterval(timer);
        clearInterval(access);
        unwatch();
        stopping.removeEventListener('abort', stop);
        ended();
      };
      tell();
    },
    cancel() {
      end();
    },
  });
}
