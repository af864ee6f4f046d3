import type { World } from './world.ts';

/** A world that writes down what is said: a test has no terminal. */
export interface FakeWorld extends World {
  said: string[];
  told: string[];
  /** Called with how far something is. */
  onShow(text: string): void;
  stop(): void;
}

/** Opens one whose folders are `folder`, with this environment and this text on standard input. */
export function openFakeWorld(
  folder: string,
  env: Record<string, string> = {},
  typed = '',
): FakeWorld {
  const [said, told]: [string[], string[]] = [[], []];
  const stopping = new AbortController();
  const world: FakeWorld = {
    ...{ said, told, onShow: () => undefined },
    env: { XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder, ...env },
    signal: stopping.signal,
    say: (line) => void said.push(line),
    write: async (bytes) => void said.push(Buffer.from(bytes).toString().trimEnd()),
    isJson: false,
    tell: (line) => void told.push(line),
    show: (text) => world.onShow(text),
    readSecret: async () => typed,
    stop: () => stopping.abort(),
  };
  return world;
}
