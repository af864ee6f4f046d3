import { t } from '@lingui/core/macro';
import { useCallback, useState } from 'preact/hooks';
import type { KeyView, NewKey, OwnKey } from '#protocol/api/keys.ts';
import { formatInstant } from '../../core/format.ts';
import { describeKey } from '../../core/keys-view.ts';
import type { DashboardActions } from '../dashboard/actions.ts';
import { DeveloperHead } from '../dashboard/developer-head.tsx';
import { Refused } from '../dashboard/refused.tsx';
import { TwoStep } from '../dashboard/two-step.tsx';
import { useAction, useAnswer } from '../use-answer.ts';
import { MakeKey } from './make-key.tsx';
import { OwnKeyCard, Spend } from './own-key.tsx';
import './keys.css';

/** The key of this page and what it spent; for an operator all keys, to make and revoke. */
export function Keys(props: { developerKey: string; actions: DashboardActions; onForget(): void }) {
  const { developerKey, actions, onForget } = props;
  const ask = useCallback(() => actions.fetchOwnKey(developerKey), [actions, developerKey]);
  const { value: own, refusal } = useAnswer(ask);
  return (
    <div class="dashboard">
      <DeveloperHead page="keys" refusal={refusal} onForget={onForget} />
      {own === undefined && refusal === undefined ? <p class="soft">{t`Asking the hub…`}</p> : null}
      {own === undefined ? null : <OwnKeyCard own={own} />}
      {own?.role === 'operator' ? (
        <AllKeys ownId={own.id} developerKey={developerKey} actions={actions} />
      ) : null}
      {own?.role === 'developer' ? (
        <p class="soft">{t`Other keys are made and revoked by the operator of this hub.`}</p>
      ) : null}
    </div>
  );
}

function AllKeys(props: { ownId: KeyView['id']; developerKey: string; actions: DashboardActions }) {
  const { ownId, developerKey, actions } = props;
  const list = useCallback(() => actions.fetchKeys(developerKey), [actions, developerKey]);
  const { value, refusal, again } = useAnswer(list);
  const [made, setMade] = useState<NewKey | undefined>(undefined);
  const show = async (key: NewKey) => {
    setMade(key);
    await again();
  };
  return (
    <div class="columns list-first">
      <section class="card" aria-labelledby="keys-title">
        <h2 id="keys-title">{t`All keys`}</h2>
        {refusal === undefined ? null : <Refused refusal={refusal} />}
        <ul class="keys" data-testid="keys">
          {value?.keys.toReversed().map((key) => (
            <OneKey
              key={key.id}
              view={key}
              isOwn={key.id === ownId}
              developerKey={developerKey}
              actions={actions}
              onRevoked={again}
            />
          ))}
        </ul>
      </section>
      <div class="column">
        <MakeKey developerKey={developerKey} actions={actions} onMade={(key) => void show(key)} />
        {made === undefined ? null : <MadeKey made={made} />}
      </div>
    </div>
  );
}

function MadeKey({ made }: { made: NewKey }) {
  return (
    <section class="card" role="status" data-testid="made-key">
      <h2>{t`The key “${made.name}”`}</h2>
      <p>{t`Copy it now: the hub keeps no copy of it, and it is shown this once.`}</p>
      <code class="made-key">{made.key}</code>
    </section>
  );
}

function OneKey(props: {
  view: KeyView;
  isOwn: boolean;
  developerKey: string;
  actions: DashboardActions;
  onRevoked(): Promise<void>;
}) {
  const { view, isOwn, developerKey, actions } = props;
  const { busy, refusal, act } = useAction();
  const { state, isOpen, words } = describeKey(view, Date.now());
  const [spent, setSpent] = useState<OwnKey | undefined>(undefined);
  const showSpent = async () => {
    setSpent(await act(() => actions.fetchSpent(developerKey, view.id)));
  };
  const revoke = async () => {
    await act(() => actions.revokeKey(developerKey, view.id));
    await props.onRevoked();
  };
  return (
    <li data-testid="key">
      <p>
        <strong>{view.name}</strong>{' '}
        <span class={`chip ${isOpen ? 'chip-good' : ''}`}>{state}</span>{' '}
        {isOwn ? <span class="chip">{t`this one`}</span> : null}
        <span class="soft small block">
          {words} · {t`made ${formatInstant(view.createdAt)}`} · <code>{view.id}</code>
        </span>
      </p>
      {spent === undefined ? null : <Spend of={spent} />}
      {isOwn || spent !== undefined ? null : (
        <button
          type="button"
          class="button"
          aria-label={t`What ${view.name} spent`}
          disabled={busy}
          onClick={() => void showSpent()}
        >
          {t`What it spent`}
        </button>
      )}
      {isOpen && !isOwn ? (
        <TwoStep
          label={t`Revoke`}
          name={t`Revoke ${view.name}`}
          sure={t`Revoke it for good`}
          busy={busy}
          onSure={() => void revoke()}
        />
      ) : null}
      {refusal === undefined ? null : <Refused refusal={refusal} />}
    </li>
  );
}
