import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '../../..');

/** A development chain that a test runs as a process of its own. */
export interface DevChain {
  url: string;
  child: ChildProcess;
  /** Ends it with SIGKILL; settles when it is gone. */
  kill(): Promise<void>;
}

/** Starts the chain of a folder, on any free port unless one is named. */
export async function startDevChain(data: string, port = '0'): Promise<DevChain> {
  const words = ['--import', 'tsx', 'chain-dev/main.ts', '--port', port, '--data', data];
  const child = spawn(process.execPath, words, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue;
    const { url } = JSON.parse(line) as { url: string };
    return {
      url,
      child,
      async kill() {
        child.kill('SIGKILL');
        await gone;
      },
    };
  }
  throw new Error('the chain ended before it was ready');
}
