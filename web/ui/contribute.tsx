import { plural, t } from '@lingui/core/macro';
import { type ContributeView, sayNothingRuns, viewContribute } from '../core/contribute-view.ts';
import { formatCount, formatInstant } from '../core/format.ts';
import { nameProvider, viewTrials } from '../core/trial-view.ts';
import { AboutSlot } from './about-slot.tsx';
import { EarningsSlot } from './earnings-slot.tsx';
import { Facts } from './facts.tsx';
import { Field } from './field.tsx';
import { HistorySlot } from './history.tsx';
import { InstallNote } from './install-note.tsx';
import { Meter } from './meter.tsx';
import type { AppModel } from './model.ts';
import { OwnChecks } from './own-checks.tsx';
import { SettingsPanel } from './settings-panel.tsx';
import { Trans } from './trans.tsx';
import { Trials } from './trials.tsx';

/** The page a visitor lands on: one button, then what the device does and why. */
export function Contribute({ app }: { app: AppModel }) {
  const world = app.world.value;
  const obstacle = app.obstacle.value;
  const { status } = world;
  const view = viewContribute(world);
  const fresh = view.isFresh;
  const share = view.shard?.fraction ?? 0;
  const mode =
    view.phase === 'working'
      ? 'share'
      : world.running && view.phase !== 'idle'
        ? 'waiting'
        : 'glyphs';
  return (
    <div
      class={`contribute ${fresh ? 'is-fresh' : 'is-started'} ${world.running ? 'is-running' : ''}`}
      data-phase={view.phase}
      data-testid="phase"
    >
      <section class="hero" aria-label={t`Contribute`}>
        <Field mode={mode} share={share} caption={view.caption} />
        <HeroWords view={view} fresh={fresh} />
        {view.ask === undefined ? null : <Ask app={app} of={view.ask} />}
        {isWaiting(view) ? (
          <button type="button" class="button" onClick={app.tryNow} data-testid="try-now">
            {t`Try now`}
          </button>
        ) : null}
        <div class="hero-action">
          {world.running ? null : <Cautions app={app} />}
          <StartStop app={app} />
          <p class="soft small center hero-hint">
            {fresh
              ? `${sayNothingRuns()} ${t`Stop whenever you like.`}`
              : world.running
                ? t`Keep this page in view. Stop whenever you like.`
                : null}
          </p>
        </div>
      </section>
      {obstacle === undefined ? null : (
        <aside class="note note-warn" data-testid="obstacle">
          <p>
            <strong>{obstacle.title}</strong> {obstacle.advice}
          </p>
        </aside>
      )}
      {status.isUnkept === true && world.running ? (
        <aside class="note note-warn" data-testid="unkept">
          <p>
            <Trans>
              <strong>This browser keeps nothing for this page.</strong> Its storage does not
              answer, so that this device is new on each visit. Close other tabs of this page, then
              reload it.
            </Trans>
          </p>
        </aside>
      ) : null}
      {fresh ? null : <Progress app={app} />}
      <InstallNote app={app} />
      <AboutSlot app={app} />
      <EarningsSlot app={app} />
      <OwnChecks status={status} evidence={app.evidence.value} onSave={app.saveEvidence} />
      {status.trials.length === 0 ? null : (
        <Trials
          rows={viewTrials(status)}
          chosen={
            status.provider === undefined
              ? undefined
              : nameProvider(status.provider, status.threads)
          }
        />
      )}
      {fresh ? <GridNow app={app} /> : null}
      {fresh ? <Facts /> : null}
      {app.device.value === undefined ? null : <HistorySlot app={app} />}
      <SettingsPanel app={app} />
    </div>
  );
}

/** Whether it waits to try the hub again. */
const isWaiting = ({ phase }: ContributeView): boolean =>
  phase === 'hub-down' || phase === 'offline';

function HeroWords({ view, fresh }: { view: ContributeView; fresh: boolean }) {
  return (
    <div class={`hero-words tone-${view.tone}`}>
      {fresh ? (
        <>
          <h1>{t`Lend AI your phone’s spare seconds.`}</h1>
          <p class="lead">
            {t`Tap Start and this device computes small pieces of AI work for people who need it. No install, no account, no wallet.`}
          </p>
        </>
      ) : (
        <>
          <h1 data-testid="phase-title">{view.title}</h1>
          <p class="lead" data-testid="reason">
            {view.reason}
          </p>
          {view.next === '' ? null : (
            <p class="soft" data-testid="next">
              {view.next}
            </p>
          )}
        </>
      )}
    </div>
  );
}

function StartStop({ app }: { app: AppModel }) {
  const { running, stopping } = app.world.value;
  if (running) {
    return (
      <button
        type="button"
        class="key key-stop"
        onClick={app.stop}
        disabled={stopping}
        data-testid="stop"
      >
        {stopping ? t`Stopping…` : t`Stop`}
      </button>
    );
  }
  return (
    <button
      type="button"
      class="key"
      onClick={app.start}
      disabled={app.obstacle.value !== undefined}
      data-testid="start"
    >
      {app.cautions.value.length === 0 ? t`Start` : t`Start anyway`}
    </button>
  );
}

/** What this browser does not tell, its person can. */
function Ask({ app, of }: { app: AppModel; of: 'charging' | 'wifi' }) {
  return (
    <button
      type="button"
      class="button"
      onClick={() => {
        app.said.value = { ...app.said.value, [of]: true };
      }}
    >
      {of === 'charging' ? t`It is charging now` : t`It is on Wi-Fi now`}
    </button>
  );
}

/** Said before Start, never in its way: the button below goes on all the same. */
function Cautions({ app }: { app: AppModel }) {
  const cautions = app.cautions.value;
  if (cautions.length === 0) return null;
  return (
    <aside class="note note-warn cautions">
      {cautions.map(({ id, title, advice }) => (
        <p key={id} data-testid={`caution-${id}`}>
          <strong>{title}</strong> {advice}
        </p>
      ))}
    </aside>
  );
}

function Progress({ app }: { app: AppModel }) {
  const world = app.world.value;
  const { status } = world;
  const view = viewContribute(world);
  return (
    <section class="card progress" aria-label={t`This device`}>
      <ol class="steps" aria-label={t`Steps`}>
        {view.steps.map(({ label, state }) => (
          <li
            key={label}
            class={`step-${state}`}
            aria-current={state === 'now' ? 'step' : undefined}
          >
            {state === 'done' ? <span aria-hidden="true">✓ </span> : null}
            {label}
            {state === 'done' ? <span class="hidden-words"> {t`(done)`}</span> : null}
          </li>
        ))}
      </ol>
      <dl class="figures">
        {view.figures.map(({ id, label, value, note }) => (
          <div key={id} class={`figure figure-${id}`}>
            <dt>{label}</dt>
            <dd>
              <span class="figure-value number" data-testid={id}>
                {value}
              </span>
              <span class="soft small">{note}</span>
            </dd>
          </div>
        ))}
      </dl>
      {view.shard === undefined ? null : (
        <Meter
          id="shard"
          name={t`This shard`}
          share={view.shard.fraction}
          label={view.shard.label}
        />
      )}
      {view.runtime === undefined ? null : (
        <Meter
          id="runtime"
          name={t`Program that runs models`}
          share={view.runtime.fraction}
          label={view.runtime.label}
        />
      )}
      {view.download === undefined ? null : (
        <Meter
          id="download"
          name={status.model === undefined ? t`Download` : t`Model: ${status.model}`}
          share={view.download.fraction}
          label={view.download.label}
          note={view.download.sources}
          part={view.download.overPeers}
        />
      )}
      {status.provider === undefined ? null : (
        <p class="small soft">
          <Trans>
            Runs on{' '}
            <strong data-testid="provider" data-provider={status.provider}>
              {nameProvider(status.provider, status.threads)}
            </strong>
          </Trans>{' '}
          {status.key === undefined ? null : (
            <Trans>
              as device <code>{status.key.slice(0, 8)}</code>
            </Trans>
          )}
        </p>
      )}
    </section>
  );
}

function GridNow({ app }: { app: AppModel }) {
  const grid = app.grid.value;
  if (typeof grid === 'object' && 'at' in grid) {
    return (
      <p class="grid-now" data-testid="grid-now">
        <i class="dot" />
        {t`The hub does not answer right now. ${formatInstant(grid.at)}: ${plural(grid.jobsWaiting, { one: '# job', other: '# jobs' })} waited. Start keeps trying for you.`}
      </p>
    );
  }
  const hasDevices = typeof grid === 'object' && grid.devices.length > 0;
  return (
    <p class="grid-now" data-testid="grid-now">
      <i class={hasDevices ? 'dot dot-live' : 'dot'} />
      {grid === undefined
        ? t`Looking for the grid…`
        : grid === 'silent'
          ? t`The hub does not answer right now. Start keeps trying for you.`
          : t`${plural(grid.devices.length, { one: '# device', other: '# devices' })} online, ${plural(grid.verifiers.length, { one: '# verifier', other: '# verifiers' })} checking, ${formatCount(grid.unitsAccepted)} units done`}
    </p>
  );
}
