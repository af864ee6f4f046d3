import type { Reason } from '../values/reason.ts';

/** What happens next, of a device that does not compute, and what its person can do. */
const NEXT = {
  // Nothing to give it
  'no-jobs': 'The next job comes by itself; keep the page open.',
  'no-units-open': 'The next job comes by itself; keep the page open.',
  'all-blocked': 'Other jobs may come; the settings show what you have blocked.',
  'job-in-check': 'It begins by itself, mostly within a minute.',
  'needs-verifier': 'It begins by itself when one is there.',
  'awaiting-work': 'It begins by itself in a moment.',
  'at-capacity': 'The next piece comes when one of them is judged.',
  unjudged: 'It goes on by itself when that is done.',
  disputed: 'It goes on by itself, mostly within three minutes.',
  'newcomers-full': 'It begins by itself when its turn has come.',
  'commitments-unrevealed': 'It goes on by itself after that time.',
  'hub-degraded': 'It goes on by itself when the hub is well again.',
  'device-slow': 'The next job may need this device.',
  'kept-ready': 'It computes as soon as something comes.',
  'memory-trial': 'Work begins by itself if it has.',
  // What it cannot run
  'device-unfit': 'Other models may run; the next job is tried by itself.',
  'admission-slow': 'On a faster line, tap Stop and Start.',
  'capability-memory': 'A smaller model may come; closing other apps helps.',
  'capability-provider': 'Try a newer browser, or one with fewer restrictions.',
  'capability-feature': 'Other models may run; the next job is tried by itself.',
  'exact-only': 'Choose “Fastest that is right” in the settings.',
  'memory-unwanted': 'Other jobs may come.',
  'provider-unwanted': 'Other jobs may come.',
  'providers-suspended': 'Other models run on; an update of the browser or its driver may help.',
  // A line or a hub that is away
  reconnecting: 'Nothing is lost; what was computed is handed in then.',
  'download-again': 'It goes on where it stopped.',
  updating: 'It goes on by itself in a moment.',
  'page-outdated': 'The newer version is fetched, and work goes on by itself.',
  hidden: 'It goes on when the page is in view.',
  // What its person wants
  unplugged: 'It goes on when it charges.',
  'charge-low': 'It goes on by itself.',
  'charge-unknown': 'It goes on when you say that it charges.',
  'line-unknown': 'It goes on when you say that it is on Wi-Fi.',
  cellular: 'It goes on when it is on Wi-Fi.',
  'saves-data': 'It goes on when the saving mode is off.',
  'data-spent': 'It goes on tomorrow.',
  'hours-off': 'It goes on by itself then.',
  'in-use': 'It goes on by itself.',
  'system-busy': 'It goes on by itself.',
  warm: 'It goes on by itself.',
  'tab-at-work': 'This page goes on when that one stops, is closed, or is out of sight.',
  'time-up': 'Tap Start to go on.',
} as const satisfies Partial<Record<Reason['code'], string>>;

/** Reasons for which a device does not compute. */
export type PauseCode = keyof typeof NEXT;

/** Whether a device with this reason does not compute for a while. */
export const isPause = (code: Reason['code']): code is PauseCode => code in NEXT;

/** Says what happens next to a device that does not compute; empty while it is at work. */
export const describeNext = ({ code }: Reason): string => (isPause(code) ? NEXT[code] : '');
