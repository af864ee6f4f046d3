import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { startProgram } from '#node/test-programs.ts';

/** A development chain that a test runs as a process of its own. */
export interface DevChain {
  readonly url: string;
  readonly child: ChildProcess;
  /** Ends it with SIGKILL; settles when it is gone. */
  kill(): Promise<void>;
}

/** Starts the chain of a folder, on any free port unless one is named. */
export async function startDevChain(data: string, port = '0'): Promise<DevChain> {
  const program = startProgram('chain-dev/main.ts', '--port', port, '--data', data);
  const { child, ended } = program;
  const { url = '' } = await program.ready;
  return {
    url,
    child,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** A development chain for the tests of a file, ended after them. */
export function openTestChain(): DevChain & { restart(): Promise<void> } {
  const data = openTestFolder();
  let chain: DevChain | undefined;
  const running = (): DevChain => {
    if (chain === undefined) throw new Error('the chain of the tests is not open yet');
    return chain;
  };
  beforeAll(async () => {
    chain = await startDevChain(data);
  });
  afterAll(() => chain?.kill());
  return {
    get url() {
      return running().url;
    },
    get child() {
      return running().child;
    },
    kill: () => running().kill(),
    /** Starts it again on its data and port, after `kill`. */
    async restart() {
      chain = await startDevChain(data, new URL(running().url).port);
    },
  };
}
