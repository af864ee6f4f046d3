import { t } from '@lingui/core/macro';
import { useEffect, useState } from 'preact/hooks';
import type { DeviceHistory } from '#protocol/messages/history.ts';
import type { Refusal, Result } from '#protocol/values/refusal.ts';
import { CARBON_REGIONS, type CarbonRegion } from '../core/energy.ts';
import { formatBytes, formatCount, formatInstant, nameCountry } from '../core/format.ts';
import { type HistoryLine, mergeLines, viewNote, viewTotals } from '../core/history-view.ts';
import { viewPay } from '../core/money/pay-lines.ts';
import { viewShareCard } from '../core/share-card.ts';
import { Refused } from './dashboard/refused.tsx';
import type { AppModel } from './model.ts';
import { ProfileSettings } from './profile-settings.tsx';
import { SharePicture } from './share-picture.tsx';

const SHOWN = { first: 12, more: 48 } as const;

/** Totals over all visits, the newest of what happened, and the ways to take it along or delete it. */
export function HistoryPanel({ app }: { app: AppModel }) {
  const [found, setFound] = useState<Result<DeviceHistory>>();
  const [region, setRegion] = useState<CarbonRegion>('world');
  const read = () => void app.history.read().then(setFound);
  useEffect(read, []);
  const pay = usePay(app);
  const device = app.device.value;
  const [shown, setShown] = useState<number>(SHOWN.first);
  if (found === undefined) return <p class="soft">{t`Reading what this browser keeps…`}</p>;
  if (!found.ok) return <Refused refusal={found.refusal} />;
  const history = found.value;
  const lines = mergeLines(history.notes.map(viewNote), pay);
  const today = Math.floor((Date.now() / 60_000 + app.signals.value.utcOffset) / 1_440);
  return (
    <>
      <Totals history={history} app={app} today={today} region={region} setRegion={setRegion} />
      <ol class="timeline" aria-label={t`What happened, the newest first`}>
        {lines.slice(0, shown).map(({ at, text, detail, tone }) => (
          <li key={`${at} ${text}`}>
            <span class={`chip chip-${tone}`}>{text}</span>{' '}
            <span class="soft small">{formatInstant(at)}</span>
            {detail === undefined ? null : <span class="soft small block">{detail}</span>}
          </li>
        ))}
      </ol>
      {lines.length > shown ? (
        <button
          type="button"
          class="button"
          onClick={() => setShown(shown + SHOWN.more)}
        >{t`Show more`}</button>
      ) : null}
      {lines.length === 0 ? <p class="soft">{t`Nothing yet.`}</p> : null}
      <div class="buttons">
        <button type="button" class="button" onClick={read}>
          {t`Read again`}
        </button>
        <button type="button" class="button" onClick={() => app.history.save(history)}>
          {t`↓ Export as JSON`}
        </button>
        <SharePicture app={app} card={viewShareCard(history, { today, host: location.host })} />
      </div>
      {device === undefined ? null : <ProfileSettings app={app} device={device} />}
      <Kept app={app} />
      <Forget app={app} />
    </>
  );
}

/** What the hub and the chain know of this device's pay; nothing until they have answered. */
function usePay(app: AppModel): readonly HistoryLine[] {
  const [lines, setLines] = useState<readonly HistoryLine[]>([]);
  const device = app.device.value;
  useEffect(() => {
    if (device === undefined) return;
    void app
      .loadEarnings()
      .then(({ actions }) => actions.readPay(device))
      .then(
        (read) => setLines(read.ok ? viewPay(read.value.earnings) : []),
        // Offline, or just updated: the rest is shown without.
        (cause) => console.error('no pay is shown', cause),
      );
  }, [app, device]);
  return lines;
}

function Totals(props: {
  history: DeviceHistory;
  app: AppModel;
  today: number;
  region: CarbonRegion;
  setRegion: (region: CarbonRegion) => void;
}) {
  const { history, app, today, region, setRegion } = props;
  const totals = viewTotals(history, { today, platform: app.platform.name, region });
  const figures = [
    { label: t`units accepted`, value: totals.units, note: totals.days },
    { label: t`at work`, value: totals.atWork, note: t`of each thread` },
    { label: t`data`, value: totals.data, note: t`sent and received` },
    {
      label: t`days in a row`,
      value: formatCount(totals.streak),
      note: t`the most were ${formatCount(totals.longest)}`,
    },
    {
      label: t`energy, estimated`,
      value: totals.energy,
      note: t`a server’s cores, as long: ${totals.server}`,
    },
    { label: t`carbon, estimated`, value: totals.carbon, note: t`of that electricity` },
  ];
  return (
    <>
      <dl class="figures" data-testid="history-totals">
        {figures.map(({ label, value, note }) => (
          <div key={label} class="figure">
            <dt>{label}</dt>
            <dd>
              {value}
              <span class="soft small block">{note}</span>
            </dd>
          </div>
        ))}
      </dl>
      <label class="row">
        <span>{t`Electricity of`}</span>
        <select
          value={region}
          onChange={(event) => {
            const { value } = event.currentTarget;
            if (value in CARBON_REGIONS) setRegion(value as CarbonRegion);
          }}
        >
          {Object.entries(CARBON_REGIONS).map(([name, grams]) => (
            <option key={name} value={name}>
              {t`${name === 'world' ? t`World` : nameCountry(name)}, ${grams} g a kWh`}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

/** What models take on this device, and the way to get it back. */
function Kept({ app }: { app: AppModel }) {
  const { kept } = app.world.value.status;
  const [answer, setAnswer] = useState<Result<number>>();
  if (answer?.ok === false) return <Refused refusal={answer.refusal} />;
  const left = answer?.value ?? kept;
  return (
    <div class="row">
      <span>
        {left === undefined
          ? t`Models are kept for the next visit.`
          : t`Models kept: ${formatBytes(left)}.`}
        <span class="soft small block">
          {t`At most a fifth of what the browser allows; the oldest go first.`}
        </span>
      </span>
      <button type="button" class="button" onClick={() => void app.history.free().then(setAnswer)}>
        {t`Free this space`}
      </button>
    </div>
  );
}

/** Two steps, since a wallet that was made in this browser goes as well. */
function Forget({ app }: { app: AppModel }) {
  const [step, setStep] = useState<'closed' | 'asked' | 'busy'>('closed');
  const [refusal, setRefusal] = useState<Refusal>();
  const forget = async () => {
    setStep('busy');
    const answer = await app.history.forget();
    if (answer.ok) return location.reload();
    setRefusal(answer.refusal);
    setStep('closed');
  };
  if (step === 'closed') {
    return (
      <>
        {refusal === undefined ? null : <Refused refusal={refusal} />}
        <button type="button" class="button" onClick={() => setStep('asked')}>
          {t`Delete all that is kept here…`}
        </button>
      </>
    );
  }
  return (
    <div class="note note-warn">
      <p>
        {t`The device’s key, its trust, its models, this history and the settings go, and so does a wallet that was made in this browser: claim its pay, or keep its secret, before.`}
      </p>
      <div class="buttons">
        <button
          type="button"
          class="button"
          disabled={step === 'busy'}
          onClick={() => void forget()}
        >
          {t`Delete it`}
        </button>
        <button type="button" class="button" onClick={() => setStep('closed')}>
          {t`Keep it`}
        </button>
      </div>
    </div>
  );
}
