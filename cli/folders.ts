import { homedir } from 'node:os';
import { join } from 'node:path';
import type { World } from './world.ts';

type Env = World['env'];

/** Where the program keeps its login. */
export const configFolder = (env: Env): string =>
  join(env['XDG_CONFIG_HOME'] || env['APPDATA'] || join(homedir(), '.config'), 'pocketgrid');

/** Where it keeps files on their way to a hub. */
export const cacheFolder = (env: Env): string =>
  join(env['XDG_CACHE_HOME'] || env['LOCALAPPDATA'] || join(homedir(), '.cache'), 'pocketgrid');
