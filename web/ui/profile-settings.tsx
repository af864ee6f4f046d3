import { t } from '@lingui/core/macro';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { PublicKey } from '#protocol/values/ids.ts';
import { encodeRoute } from '../core/router.ts';
import { Refused } from './dashboard/refused.tsx';
import type { AppModel } from './model.ts';
import { Trans } from './trans.tsx';
import { useAction, useAnswer } from './use-answer.ts';

/** A public name and a team for this device, which has neither unless its person says so. */
export function ProfileSettings({ app, device }: { app: AppModel; device: PublicKey }) {
  const { profiles } = app;
  const found = useAnswer(useCallback(() => profiles.read(device), [profiles, device]));
  const [name, setName] = useState('');
  const [team, setTeam] = useState('');
  const { busy, refusal, act } = useAction();
  const shown = found.value === 'none' ? undefined : found.value;
  useEffect(() => {
    setName(shown?.name ?? '');
    setTeam(shown?.team ?? '');
  }, [shown?.name, shown?.team]);
  const save = async (words: { name: string; team: string }) => {
    if ((await act(() => profiles.save(words))) !== undefined) await found.again();
  };
  return (
    <form
      class="stack"
      aria-label={t`Public profile`}
      onSubmit={(event) => {
        event.preventDefault();
        void save({ name, team });
      }}
    >
      <p>
        {t`A public name, if you like`}
        <span class="soft small block">
          {t`Anybody can read it, with the units accepted since. Nobody has one before choosing it.`}
        </span>
      </p>
      <Word id="profile-name" label={t`Name`} value={name} set={setName} />
      <Word id="profile-team" label={t`Team`} value={team} set={setTeam} />
      {refusal === undefined ? null : <Refused refusal={refusal} />}
      <div class="buttons">
        <button type="submit" class="button" disabled={busy || name + team === ''}>
          {t`Show it`}
        </button>
        {shown === undefined ? null : (
          <button
            type="button"
            class="button"
            disabled={busy}
            onClick={() => void save({ name: '', team: '' })}
          >
            {t`Remove it`}
          </button>
        )}
      </div>
      {shown === undefined ? null : (
        <p class="soft small">
          <Trans>
            It is shown on <a href={encodeRoute({ page: 'profile', device })}>your profile</a> and
            in the <a href="/teams">table of teams</a>.
          </Trans>
        </p>
      )}
    </form>
  );
}

function Word(props: { id: string; label: string; value: string; set: (text: string) => void }) {
  return (
    <label class="row" for={props.id}>
      <span>{props.label}</span>
      <input
        id={props.id}
        class="text-input"
        maxLength={32}
        autocomplete="off"
        value={props.value}
        onInput={(event) => props.set(event.currentTarget.value)}
      />
    </label>
  );
}
