import { plural, t } from '@lingui/core/macro';
import { useCallback } from 'preact/hooks';
import type { PublicKey } from '#protocol/values/ids.ts';
import { formatCount, formatInstant } from '../core/format.ts';
import { Refused } from './dashboard/refused.tsx';
import type { AppModel } from './model.ts';
import { useAnswer } from './use-answer.ts';

/** A contributor who chose to be public, and what it did since. */
export function Profile({ app, device }: { app: AppModel; device: PublicKey }) {
  const { profiles } = app;
  const { value, refusal } = useAnswer(
    useCallback(() => profiles.read(device), [profiles, device]),
  );
  const shown = value === 'none' ? undefined : value;
  return (
    <section class="card" aria-labelledby="profile-title" data-testid="profile">
      <h1 id="profile-title">{shown?.name ?? t`A contributor`}</h1>
      {refusal === undefined ? null : <Refused refusal={refusal} />}
      {value === 'none' ? (
        <p>{t`This contributor chose no public name, or took it back.`}</p>
      ) : null}
      {shown === undefined ? null : (
        <dl class="figures">
          <div class="figure">
            <dt>{t`units accepted`}</dt>
            <dd>
              {formatCount(shown.units)}
              <span class="soft small block">{t`since ${formatInstant(shown.since)}`}</span>
            </dd>
          </div>
          {shown.team === undefined ? null : (
            <div class="figure">
              <dt>{t`team`}</dt>
              <dd>{shown.team}</dd>
            </div>
          )}
        </dl>
      )}
      <p class="soft small">
        <code class="address">{device}</code>
      </p>
      <p>
        <a class="button" href="/teams">
          {t`All teams`}
        </a>
      </p>
    </section>
  );
}

/** Teams by their units, of contributors who chose one. */
export function Teams({ app }: { app: AppModel }) {
  const { profiles } = app;
  const { value, refusal } = useAnswer(useCallback(() => profiles.teams(), [profiles]));
  return (
    <section class="prose" aria-labelledby="teams-title" data-testid="teams">
      <h1 id="teams-title">{t`Teams`}</h1>
      <p class="soft lead">
        {t`Of contributors who chose a team, by units accepted since. Whoever computes may choose one, under “What this device did”.`}
      </p>
      {refusal === undefined ? null : <Refused refusal={refusal} />}
      {value?.teams.length === 0 ? <p>{t`Nobody has chosen a team yet.`}</p> : null}
      <ol class={value?.teams.length ? 'card stack' : 'stack'}>
        {value?.teams.map(({ name, members, units }) => (
          <li key={name} class="row">
            <span>
              {name}
              <span class="soft small block">
                {plural(members, { one: '# contributor', other: '# contributors' })}
              </span>
            </span>
            <strong>{plural(units, { one: '# unit', other: '# units' })}</strong>
          </li>
        ))}
      </ol>
    </section>
  );
}
