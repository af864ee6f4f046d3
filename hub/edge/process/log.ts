import { pino } from 'pino';
import type { LogLevel } from '#node/config/hub-flags.ts';

/** One JSON line per event on standard error; standard output is left to machine-readable lines. */
export interface Log {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

/** Writes JSON lines of this level and above to standard error. */
export const openLog = (level: LogLevel): Log =>
  pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
