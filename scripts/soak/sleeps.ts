import { setTimeout as sleep } from 'node:timers/promises';
import type { Cast } from './cast.ts';
import { readNumbers } from './metrics.ts';

const POLL_MS = 20;
const LEASE_MS_MAX = 120_000;
/** Programs that were away are back by then. */
const BACK_MS = 10_000;
/** Of a program once its hub goes on: the try that it was at may fail. */
const RECONNECTS_MAX = 1;

/** What programs print, by name. */
export type Lines = Map<string, string[]>;

/**
 * Stops the hub's process while a lease is out, for so many seconds, and lets it go on. Says what
 * programs made of it; throws where one has not come back.
 */
export async function sleepHub(cast: Cast, seconds: number, lines: Lines): Promise<string> {
  await untilLent(cast.hub);
  cast.kill('hub', 'SIGSTOP');
  await sleep(seconds * 1_000);
  lines.clear();
  cast.kill('hub', 'SIGCONT');
  await sleep(BACK_MS);
  const reconnects = [...lines].map(([name, said]) => {
    const times = said.filter((line) => line.includes('trying again in')).length;
    return { name, times, last: said.at(-1) };
  });
  const lost = reconnects.filter(({ times }) => times > RECONNECTS_MAX);
  if (lost.length > 0) throw new Error(`sessions were lost: ${JSON.stringify(lost)}`);
  const told = reconnects.map(({ name, times }) => `${name} ${times}`).join(', ');
  return `the hub slept for ${seconds} s, reconnects afterwards: ${told || 'none'}`;
}

async function untilLent(hub: string): Promise<void> {
  for (const until = Date.now() + LEASE_MS_MAX; Date.now() < until; await sleep(POLL_MS)) {
    const numbers = await readNumbers(hub);
    if (numbers !== undefined && numbers.leases > numbers.shardsAccepted) return;
  }
  throw new Error('the hub gave no lease');
}

/** Leases that a hub let expire, as a sentence where there are some. */
export async function findLapses(hub: string): Promise<string[]> {
  const numbers = await readNumbers(hub);
  if (numbers === undefined) return ['the hub does not answer'];
  const { leasesExpired } = numbers;
  return leasesExpired === 0 ? [] : [`${leasesExpired} leases expired`];
}
