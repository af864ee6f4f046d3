import type { MessageDescriptor } from '@lingui/core';
import { msg, t } from '@lingui/core/macro';
import { CATEGORY_NAMES } from '../../core/categories.ts';
import { say } from '../../core/language.ts';
import { SHARED_EXAMPLE, type UploadForm } from '../../core/upload.ts';

type FieldOf<Value> = {
  [Field in keyof UploadForm]: UploadForm[Field] extends Value ? Field : never;
}[keyof UploadForm];
type SwitchField = FieldOf<boolean>;
type ChoiceField = 'category' | 'assurance' | 'fit' | 'orientation' | 'layout';
type TextField = Exclude<keyof UploadForm, SwitchField | ChoiceField | 'task' | 'labels'>;

const FIELDS: readonly {
  field: TextField;
  label: MessageDescriptor;
  hint: MessageDescriptor;
  numeric?: boolean;
}[] = [
  { field: 'name', label: msg`Name`, hint: msg`the model’s file name when empty` },
  {
    field: 'purpose',
    label: msg`What it computes`,
    hint: msg`one sentence for contributors; made of task and model when empty`,
  },
  {
    field: 'unitItems',
    label: msg`Items per unit`,
    hint: msg`the hub chooses when empty`,
    numeric: true,
  },
  { field: 'outputs', label: msg`Outputs`, hint: msg`names with commas; all when empty` },
  {
    field: 'shared',
    label: msg`Shared by all items`,
    hint: msg`by input, as JSON: ${SHARED_EXAMPLE}`,
  },
  { field: 'size', label: msg`Picture size`, hint: msg`a side, or height, width; in pixels` },
  { field: 'mean', label: msg`Picture mean`, hint: msg`per channel, 0 to 1, with commas` },
  { field: 'std', label: msg`Picture deviation`, hint: msg`per channel, with commas` },
  {
    field: 'unitPrice',
    label: msg`Lamports per unit`,
    hint: msg`volunteers when empty`,
    numeric: true,
  },
];

const CHOICES: readonly {
  field: ChoiceField;
  label: MessageDescriptor;
  hint: MessageDescriptor;
  values: readonly (readonly [value: string, label: MessageDescriptor])[];
}[] = [
  {
    field: 'category',
    label: msg`What it is about`,
    hint: msg`contributors may leave a category out`,
    values: [['', msg`As its task says`], ...CATEGORY_NAMES],
  },
  {
    field: 'fit',
    label: msg`Pictures of other proportions`,
    hint: msg`than the model takes`,
    values: [
      ['', msg`Cut evenly from both sides`],
      ['contain', msg`Fill up with black`],
      ['stretch', msg`Stretch`],
    ],
  },
  {
    field: 'orientation',
    label: msg`Turned pictures`,
    hint: msg`as cameras mark them`,
    values: [
      ['', msg`Turn upright`],
      ['stored', msg`Leave as stored`],
    ],
  },
  {
    field: 'layout',
    label: msg`Channels of pictures`,
    hint: msg`where the model does not say it`,
    values: [
      ['', msg`As the model has them`],
      ['nchw', msg`First (NCHW)`],
      ['nhwc', msg`Last (NHWC)`],
    ],
  },
  {
    field: 'assurance',
    label: msg`Results`,
    hint: msg`more checks take longer and cost more`,
    values: [
      ['instant', msg`At once, spot-checked`],
      ['settled', msg`When later work vouches for it`],
      ['full', msg`Every unit checked`],
    ],
  },
];

const SWITCHES: readonly { field: SwitchField; label: MessageDescriptor }[] = [
  { field: 'skipBadFiles', label: msg`Leave out files that cannot be read` },
  { field: 'allowNan', label: msg`Inputs may hold NaN` },
  { field: 'taps', label: msg`Checks look inside the model` },
];

/** What can be said of a job beside its files; every field may stay empty. */
export function UploadOptions(props: { form: UploadForm; onChange(form: UploadForm): void }) {
  const { form } = props;
  const change = (field: keyof UploadForm, value: string | boolean) =>
    props.onChange({ ...form, [field]: value });
  return (
    <details class="options">
      <summary>{t`Options`}</summary>
      <div class="option-grid">
        {FIELDS.map(({ field, label, hint, numeric }) => (
          <div key={field} class="stack">
            <label for={`option-${field}`}>{say(label)}</label>
            <input
              id={`option-${field}`}
              class="text-input"
              inputMode={numeric ? 'numeric' : 'text'}
              value={form[field]}
              aria-describedby={`hint-${field}`}
              onInput={(event) => change(field, event.currentTarget.value)}
            />
            <span id={`hint-${field}`} class="soft small">
              {say(hint)}
            </span>
          </div>
        ))}
        {CHOICES.map(({ field, label, hint, values }) => (
          <div key={field} class="stack">
            <label for={`option-${field}`}>{say(label)}</label>
            <select
              id={`option-${field}`}
              class="text-input"
              aria-describedby={`hint-${field}`}
              value={form[field]}
              onChange={(event) => change(field, event.currentTarget.value)}
            >
              {values.map(([value, name]) => (
                <option key={value} value={value}>
                  {say(name)}
                </option>
              ))}
            </select>
            <span id={`hint-${field}`} class="soft small">
              {say(hint)}
            </span>
          </div>
        ))}
        {SWITCHES.map(({ field, label }) => (
          <label key={field} class="row">
            <span>{say(label)}</span>
            <input
              type="checkbox"
              class="switch"
              checked={form[field]}
              onChange={(event) => change(field, event.currentTarget.checked)}
            />
          </label>
        ))}
      </div>
    </details>
  );
}
