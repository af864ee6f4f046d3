import { spawn } from 'node:child_process';

export interface CommandOptions {
  /** The command and all it started are killed after this long; then `code` is 124. */
  timeoutMs: number;
  env?: Record<string, string>;
  /** Where its output goes: kept and returned, or passed on as it comes. */
  output?: 'keep' | 'inherit' | 'stderr';
}

export interface CommandResult {
  /** Exit status; 124 after a time-out, 127 when it could not be started, 128 after a signal. */
  code: number;
  /** stdout and stderr together when kept. */
  text: string;
}

/** Runs a command without a shell and waits for its end. Never throws. */
export function runCommand(
  command: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const [program = '', ...words] = command;
  const sink = { keep: 'pipe', inherit: 'inherit', stderr: 2 } as const;
  const out = sink[options.output ?? 'keep'];
  return new Promise((resolve) => {
    // A group of its own, so that a time-out ends the browsers and workers it started as well.
    const child = spawn(program, words, {
      stdio: ['ignore', out, out],
      detached: true,
      env: { ...process.env, ...options.env },
    });
    const chunks: Buffer[] = [];
    let late = false;
    const end = () => {
      if (child.pid !== undefined) killGroup(child.pid, 'SIGKILL');
    };
    const timer = setTimeout(() => {
      late = true;
      end();
    }, options.timeoutMs);
    const stop = () => {
      end();
      process.exit(130);
    };
    process.once('SIGINT', stop).once('SIGTERM', stop);
    const settle = (code: number, extra = '') => {
      clearTimeout(timer);
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve({ code, text: Buffer.concat(chunks).toString() + extra });
    };
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => settle(127, `${program}: ${error.message}\n`));
    child.on('close', (code) => settle(late ? 124 : (code ?? 128)));
  });
}

/** Signals a process group; one that has ended already is no error. */
export function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: nothing is left of it.
  }
}
