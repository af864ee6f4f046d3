import QRCode from 'qrcode';
import type { JobView } from '#protocol/api/job.ts';
import { describeReason } from '#protocol/api/sentences.ts';
import type { Claimed } from './money.ts';
import type { SampleReport } from './sample-job.ts';

const BAR_WIDTH = 24;

export interface Terminal {
  say(line: string): void;
  /** One line that is written over on a terminal; elsewhere a line for each tenth of the job. */
  progress(job: JobView): void;
  /** Leaves the progress line where it stands. */
  endProgress(): void;
}

export function openTerminal(out: NodeJS.WriteStream): Terminal {
  let drawn = false;
  let told = '';
  const clear = () => {
    if (drawn) out.write('\r\u001b[K');
    drawn = false;
  };
  return {
    say(line) {
      clear();
      out.write(`${line}\n`);
    },
    progress(job) {
      if (out.isTTY) {
        clear();
        out.write(drawProgress(job).slice(0, Math.max(20, out.columns - 1)));
        drawn = true;
        return;
      }
      const tenth = Math.floor((10 * job.accepted) / Math.max(1, job.units));
      const step = job.state === 'running' ? `running ${tenth}` : job.state;
      if (step !== told) out.write(`${drawProgress(job)}\n`);
      told = step;
    },
    endProgress() {
      if (drawn) out.write('\n');
      drawn = false;
    },
  };
}

function drawProgress(job: JobView): string {
  const share = job.accepted / Math.max(1, job.units);
  const full = Math.round(share * BAR_WIDTH);
  const bar = '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  if (job.state !== 'running') {
    const named = `${job.state}: ${describeReason(job.reason)}`;
    return `${bar} ${percent}  ${named}`;
  }
  const devices = job.devices === 1 ? '1 device' : `${job.devices} devices`;
  return `${bar} ${percent}  ${job.accepted} of ${job.units} units, ${job.checked} checked, ${devices}`;
}

export function describeReport({ job, accuracy, verdicts, seconds }: SampleReport): string {
  const kinds = Object.entries(verdicts).map(([kind, count]) => `${kind} ${count}`);
  return [
    `Sample job   ${job.name}: ${job.items} items in ${job.units} units`,
    `Accuracy     ${(accuracy * 100).toFixed(2)} %`,
    `Accepted     ${job.accepted} of ${job.units} units`,
    `Checked      ${job.checked} units`,
    `Verdicts     ${kinds.join(', ')}`,
    `Time         ${seconds.toFixed(1)} s`,
  ].join('\n');
}

/**
 * What was settled and paid; amounts in lamports, which are worth nothing on a grid's own chain.
 */
export function describeClaim(claimed: Claimed): string {
  const { period, root, total, recipient, due, before, after } = claimed;
  return [
    `Settled      period ${period}: ${total} lamports earned in all, root ${root.slice(0, 16)}…`,
    `Claimed      ${due} lamports for ${recipient}`,
    `Balance      ${before} → ${after} lamports on the chain`,
  ].join('\n');
}

export interface Addresses {
  /** The hub, as this machine and as other devices reach it. */
  hub: string;
  lan: string | undefined;
  /** SHA-256 of the certificate that the hub signed itself. */
  fingerprint: string | undefined;
  key: string;
  /** The verifier's log page, on this machine alone. */
  log: string | undefined;
}

/** Where to go, and a QR code of the contribute page. */
export async function describeAddresses(addresses: Addresses): Promise<string> {
  const { hub, lan, fingerprint, key, log } = addresses;
  const page = new URL('/', lan ?? hub).href;
  const code = await QRCode.toString(page, { type: 'terminal', small: true });
  return [
    `Contribute   ${page}`,
    `Dashboard    ${new URL('/dashboard', hub).href}#key=${key}`,
    `Verdicts     ${new URL('/verdicts', hub).href}`,
    ...(log === undefined ? [] : [`Verifier     ${log}`]),
    ...(lan === undefined
      ? []
      : [
          'A phone warns of the certificate once: this machine signed it. Its SHA-256 is',
          `${fingerprint}`,
        ]),
    '',
    code.trimEnd(),
    '',
    'Scan the code or open the first address on any device. Ctrl-C stops everything.',
  ].join('\n');
}
