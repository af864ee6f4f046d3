import type { MessageDescriptor } from '@lingui/core';
import { msg, t } from '@lingui/core/macro';
import { useState } from 'preact/hooks';
import type { NewKey } from '#protocol/api/keys.ts';
import { decodeKeyForm, KEY_FORM_EMPTY, type KeyForm } from '../../core/keys-view.ts';
import { say } from '../../core/language.ts';
import type { DashboardActions } from '../dashboard/actions.ts';
import { Refused } from '../dashboard/refused.tsx';
import { useAction } from '../use-answer.ts';

const FIELDS: readonly {
  field: keyof KeyForm;
  label: MessageDescriptor;
  hint: MessageDescriptor;
}[] = [
  { field: 'days', label: msg`Days until it expires`, hint: msg`never when empty` },
  { field: 'items', label: msg`Budget in items`, hint: msg`no limit when empty` },
  { field: 'lamports', label: msg`Budget in lamports`, hint: msg`no limit when empty` },
  {
    field: 'callsPerMinute',
    label: msg`Calls a minute`,
    hint: msg`no limit of its own when empty`,
  },
];

const CHOICES: readonly {
  field: 'role' | 'access';
  label: MessageDescriptor;
  values: readonly (readonly [value: string, name: MessageDescriptor])[];
}[] = [
  {
    field: 'role',
    label: msg`Role`,
    values: [
      ['developer', msg`developer`],
      ['operator', msg`operator`],
    ],
  },
  {
    field: 'access',
    label: msg`On jobs`,
    values: [
      ['write', msg`write`],
      ['read', msg`read`],
    ],
  },
];

/** The form for a new key. */
export function MakeKey(props: {
  developerKey: string;
  actions: Pick<DashboardActions, 'addKey'>;
  onMade(key: NewKey): void;
}) {
  const { developerKey, actions, onMade } = props;
  const [form, setForm] = useState<KeyForm>(KEY_FORM_EMPTY);
  const { busy, refusal, act } = useAction();
  const change = (field: keyof KeyForm) => (event: { currentTarget: { value: string } }) =>
    setForm({ ...form, [field]: event.currentTarget.value });
  const submit = async (event: Event) => {
    event.preventDefault();
    const made = await act(async () => {
      const request = decodeKeyForm(form, Date.now());
      return request.ok ? actions.addKey(developerKey, request.value) : request;
    });
    if (made === undefined) return;
    setForm(KEY_FORM_EMPTY);
    onMade(made);
  };
  return (
    <section class="card" aria-labelledby="make-title">
      <h2 id="make-title">{t`Make a key`}</h2>
      <form class="stack" onSubmit={submit} noValidate>
        <div class="stack">
          <label for="key-name">{t`Name`}</label>
          <input
            id="key-name"
            class="text-input"
            autocomplete="off"
            value={form.name}
            onInput={change('name')}
          />
        </div>
        <div class="key-fields">
          {CHOICES.map(({ field, label, values }) => (
            <div key={field} class="stack">
              <label for={`key-${field}`}>{say(label)}</label>
              <select
                id={`key-${field}`}
                class="text-input"
                value={form[field]}
                onChange={change(field)}
              >
                {values.map(([value, name]) => (
                  <option key={value} value={value}>
                    {say(name)}
                  </option>
                ))}
              </select>
            </div>
          ))}
          {FIELDS.map(({ field, label, hint }) => (
            <div key={field} class="stack">
              <label for={`key-${field}`}>{say(label)}</label>
              <input
                id={`key-${field}`}
                class="text-input"
                inputMode="numeric"
                autocomplete="off"
                value={form[field]}
                aria-describedby={`key-hint-${field}`}
                onInput={change(field)}
              />
              <span id={`key-hint-${field}`} class="soft small">
                {say(hint)}
              </span>
            </div>
          ))}
        </div>
        {refusal === undefined ? null : <Refused refusal={refusal} />}
        <button type="submit" class="button button-main" disabled={busy} data-testid="make-key">
          {busy ? t`Making it…` : t`Make the key`}
        </button>
      </form>
    </section>
  );
}
