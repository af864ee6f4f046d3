import { openDeadline } from '#client/deadline.ts';
import { RUNTIME_CACHE } from '#protocol/messages/background.ts';
import { fault, PocketgridError } from '#protocol/values/refusal.ts';

/** The line has to bring something of a part within this time, at any speed. */
const SILENCE_MS_MAX = 20_000;
/** The next part is asked for when so much of one has come: no line is idle for a round trip. */
const ENOUGH = 0.75;
const PROGRESS_MS = 250;

/** A build of the runtime: its wasm in parts, and the program that goes with it. */
export interface RuntimeFiles {
  parts: readonly { url: string; length: number; packed: number }[];
  glue: string;
}

/** The download of one build. */
export interface RuntimeDownload {
  /** Fetches what is missing; throws a `PocketgridError` when the line breaks. */
  run(progress: (at: { received: number; total: number }) => void): Promise<WebAssembly.Module>;
  /** Ends a run, which then throws. */
  cancel(): void;
  /** What has been compiled. */
  module(): WebAssembly.Module | undefined;
}

/**
 * Fetches a runtime in parts and compiles it as they come. A part that is here stays: in this life for
 * the next try, and in the browser's cache for the next life. Small files go along `beside` it, for that
 * cache.
 */
export function openRuntimeDownload(
  { parts, glue }: RuntimeFiles,
  beside: readonly string[] = [],
): RuntimeDownload {
  const received = parts.map(() => 0);
  const whole = new Map<number, Uint8Array<ArrayBuffer>>();
  const stream = openStream();
  let given = 0;
  let running = new AbortController();
  let compiled: WebAssembly.Module | undefined;

  const at = () => {
    const sum = (of: (part: number) => number) => parts.reduce((all, _, part) => all + of(part), 0);
    const packed = (part: number) => parts[part]?.packed ?? 0;
    const share = (part: number) => (received[part] ?? 0) / (parts[part]?.length ?? 1);
    return { received: Math.round(sum((each) => packed(each) * share(each))), total: sum(packed) };
  };
  const give = (): void => {
    for (let next = whole.get(given); next !== undefined; next = whole.get(given)) {
      stream.enqueue(next);
      // Its place stays taken, its bytes are the compiler's.
      whole.set(given, new Uint8Array());
      given += 1;
    }
    if (given === parts.length) stream.close();
  };
  return {
    module: () => compiled,
    cancel: () => running.abort(),
    async run(progress) {
      if (compiled !== undefined) return compiled;
      running = new AbortController();
      const { signal } = running;
      const open = parts.map((_, part) => part).filter((part) => !whole.has(part));
      let toldAt = 0;
      const tell = (): void => {
        if (Date.now() - toldAt < PROGRESS_MS) return;
        toldAt = Date.now();
        progress(at());
      };
      const fetchOn = async (): Promise<void> => {
        const part = open.shift();
        if (part === undefined) return;
        const { url = '', length = 0 } = parts[part] ?? {};
        let next: Promise<void> | undefined;
        const data = await fetchFile({ url, length, signal }, (bytes) => {
          received[part] = bytes;
          if (bytes >= ENOUGH * length) next ??= fetchOn();
          next?.catch(() => undefined);
          tell();
        }).catch(async (error: unknown) => {
          // Nothing is under way when a try has ended.
          await next?.catch(() => undefined);
          throw error;
        });
        whole.set(part, data);
        give();
        await (next ?? fetchOn());
      };
      const small = [glue, ...beside].map((url) => fetchFile({ url, signal }));
      const ended = await Promise.allSettled([...small, fetchOn()]);
      const broken = ended.find(({ status }) => status === 'rejected');
      progress(at());
      if (broken?.status === 'rejected') throw broken.reason;
      try {
        compiled = await stream.compiled;
      } catch (error) {
        await Promise.all(parts.map(({ url }) => forgetFile(url)));
        throw error;
      }
      return compiled;
    },
  };
}

/** A compiler that is fed with parts in order. */
function openStream() {
  let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  let compiled: Promise<WebAssembly.Module> | undefined;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(opened) {
      controller = opened;
    },
  });
  const begin = () => {
    const headers = { 'Content-Type': 'application/wasm' };
    compiled ??= WebAssembly.compileStreaming(new Response(body, { headers }));
    return compiled;
  };
  return {
    enqueue(part: Uint8Array<ArrayBuffer>) {
      begin().catch(() => undefined);
      controller?.enqueue(part);
    },
    close: () => controller?.close(),
    get compiled() {
      return begin();
    },
  };
}

async function fetchFile(
  { url, length, signal }: { url: string; length?: number; signal: AbortSignal },
  progress?: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const deadline = openDeadline(SILENCE_MS_MAX, signal);
  try {
    // A worker may have been started from a blob, which has no folder.
    const response = await fetch(new URL(url, import.meta.url), { signal: deadline.signal });
    if (!response.ok) throw gone(response.status);
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let received = 0;
    for (const reader = response.body?.getReader(); reader !== undefined; ) {
      const { done, value } = await reader.read();
      if (done) break;
      deadline.extend();
      chunks.push(value);
      received += value.length;
      progress?.(received);
    }
    if (length !== undefined && received !== length) {
      await forgetFile(url);
      throw fault('download-failed', `a part of the runtime has ${received} bytes, not ${length}`);
    }
    return new Uint8Array(await new Blob(chunks).arrayBuffer());
  } catch (error) {
    if (error instanceof PocketgridError) throw error;
    const silent = `the line brought nothing for ${SILENCE_MS_MAX / 1000} s`;
    const reason = deadline.isLate() ? silent : 'the line broke';
    throw fault('download-failed', `the runtime is not here yet: ${reason}`);
  } finally {
    deadline.close();
  }
}

const gone = (status: number): PocketgridError => {
  const said = `the hub answered ${status} for a part of the runtime`;
  if (status !== 404) return fault('download-failed', said);
  return fault('page-outdated', `${said}: a newer version is out; reload the page`);
};

/** Has the browser keep a file no more that cannot be right: it would be given again for ever. */
async function forgetFile(url: string): Promise<void> {
  const kept = await globalThis.caches?.open(RUNTIME_CACHE).catch(() => undefined);
  await kept?.delete(new URL(url, import.meta.url).href);
}
