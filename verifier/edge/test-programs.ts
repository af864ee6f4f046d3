import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** A program of ours, run by a test as a process of its own. */
export interface TestProgram {
  child: ChildProcess;
  /** The JSON of its ready line. */
  ready: Promise<Record<string, string>>;
  ended: Promise<{ code: number | null; text: string }>;
}

/** Programs that a test starts, and ends with itself. */
export function openTestPrograms(): {
  start(program: string, ...words: string[]): TestProgram;
  killAll(): void;
} {
  const children: ChildProcess[] = [];
  return {
    start(program, ...words) {
      const child = spawn(process.execPath, ['--import', 'tsx', program, ...words], {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      children.push(child);
      let text = '';
      const ready = new Promise<Record<string, string>>((resolve) => {
        child.stdout.on('data', (chunk) => {
          text += String(chunk);
          const line = text.split('\n').find((each) => each.startsWith('{'));
          if (line !== undefined && text.endsWith('\n')) resolve(JSON.parse(line));
        });
      });
      child.stderr.on('data', (chunk) => {
        text += String(chunk);
      });
      const ended = new Promise<{ code: number | null; text: string }>((resolve) => {
        child.on('close', (code) => resolve({ code, text }));
      });
      return { child, ready, ended };
    },
    killAll() {
      for (const child of children) child.kill('SIGKILL');
    },
  };
}
