import { t } from '@lingui/core/macro';
import type { DeviceStatus } from '#protocol/messages/device.ts';
import { viewAudit } from '../core/audit-view.ts';
import { type EvidenceWorld, viewBan } from '../core/ban-view.ts';
import { formatClock } from '../core/format.ts';
import { nameVerdict, VERDICT_TONES } from '../core/verdict-view.ts';
import { Ban } from './ban.tsx';

const SHOWN = 4;

/** How often this device is checked and why, and what was found on its work. */
export function OwnChecks({
  status,
  evidence,
  onSave,
}: {
  status: DeviceStatus;
  evidence: EvidenceWorld;
  onSave(): void;
}) {
  const audit = viewAudit(status);
  const { verdicts } = status;
  const ban = viewBan(status, evidence);
  if (audit === undefined && verdicts.length === 0 && ban === undefined) return null;
  const rest = verdicts.slice(SHOWN);
  return (
    <section class="card" aria-labelledby="checks-title" data-testid="own-checks">
      <h2 id="checks-title">{t`Checks on your work`}</h2>
      {audit === undefined ? null : (
        <p>
          <strong data-testid="audit-rate">{audit.rate}</strong>{' '}
          <span class="soft" data-testid="audit-why">
            {audit.why}
          </span>
        </p>
      )}
      {ban === undefined ? null : <Ban words={ban} asking={evidence.asking} onSave={onSave} />}
      {verdicts.length === 0 ? (
        <p class="soft small">{t`No unit of yours has been checked since Start.`}</p>
      ) : (
        <VerdictList verdicts={verdicts.slice(0, SHOWN)} />
      )}
      {rest.length === 0 ? null : (
        <details class="options">
          <summary>{t`${rest.length} more`}</summary>
          <VerdictList verdicts={rest} />
        </details>
      )}
    </section>
  );
}

function VerdictList({ verdicts }: { verdicts: DeviceStatus['verdicts'] }) {
  return (
    <ul class="own-verdicts">
      {verdicts.map(({ job, unit, kind, at }) => (
        <li key={`${job} ${unit} ${at}`} data-testid="own-verdict">
          <span class={`chip chip-${VERDICT_TONES[kind]}`}>{nameVerdict(kind)}</span>
          <span class="number">{t`unit ${unit}`}</span>
          <code class="soft">{job.slice(0, 10)}</code>
          <span class="soft small number">{formatClock(at)}</span>
        </li>
      ))}
    </ul>
  );
}
