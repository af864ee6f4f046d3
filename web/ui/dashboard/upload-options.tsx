import { CATEGORY_NAMES } from '../../core/categories.ts';
import type { UploadForm } from '../../core/upload.ts';

type FieldOf<Value> = {
  [Field in keyof UploadForm]: UploadForm[Field] extends Value ? Field : never;
}[keyof UploadForm];
type SwitchField = FieldOf<boolean>;
type ChoiceField = 'category' | 'assurance' | 'fit' | 'orientation' | 'layout';
type TextField = Exclude<keyof UploadForm, SwitchField | ChoiceField | 'task' | 'labels'>;

const FIELDS: readonly { field: TextField; label: string; hint: string; numeric?: boolean }[] = [
  { field: 'name', label: 'Name', hint: 'the model’s file name when empty' },
  {
    field: 'purpose',
    label: 'What it computes',
    hint: 'one sentence for contributors; made of task and model when empty',
  },
  {
    field: 'unitItems',
    label: 'Items per unit',
    hint: 'the hub chooses when empty',
    numeric: true,
  },
  { field: 'outputs', label: 'Outputs', hint: 'names with commas; all when empty' },
  { field: 'shared', label: 'Shared by all items', hint: 'by input, as JSON: {"sr": 16000}' },
  { field: 'size', label: 'Picture size', hint: 'a side, or height, width; in pixels' },
  { field: 'mean', label: 'Picture mean', hint: 'per channel, 0 to 1, with commas' },
  { field: 'std', label: 'Picture deviation', hint: 'per channel, with commas' },
  { field: 'unitPrice', label: 'Lamports per unit', hint: 'volunteers when empty', numeric: true },
];

const CHOICES: readonly {
  field: ChoiceField;
  label: string;
  hint: string;
  values: readonly (readonly [value: string, label: string])[];
}[] = [
  {
    field: 'category',
    label: 'What it is about',
    hint: 'contributors may leave a category out',
    values: [['', 'As its task says'], ...CATEGORY_NAMES],
  },
  {
    field: 'fit',
    label: 'Pictures of other proportions',
    hint: 'than the model takes',
    values: [
      ['', 'Cut evenly from both sides'],
      ['contain', 'Fill up with black'],
      ['stretch', 'Stretch'],
    ],
  },
  {
    field: 'orientation',
    label: 'Turned pictures',
    hint: 'as cameras mark them',
    values: [
      ['', 'Turn upright'],
      ['stored', 'Leave as stored'],
    ],
  },
  {
    field: 'layout',
    label: 'Channels of pictures',
    hint: 'where the model does not say it',
    values: [
      ['', 'As the model has them'],
      ['nchw', 'First (NCHW)'],
      ['nhwc', 'Last (NHWC)'],
    ],
  },
  {
    field: 'assurance',
    label: 'Results',
    hint: 'more checks take longer and cost more',
    values: [
      ['instant', 'At once, spot-checked'],
      ['settled', 'When later work vouches for it'],
      ['full', 'Every unit checked'],
    ],
  },
];

const SWITCHES: readonly { field: SwitchField; label: string }[] = [
  { field: 'skipBadFiles', label: 'Leave out files that cannot be read' },
  { field: 'allowNan', label: 'Inputs may hold NaN' },
  { field: 'taps', label: 'Checks look inside the model' },
];

/** What can be said of a job beside its files; every field may stay empty. */
export function UploadOptions(props: { form: UploadForm; onChange(form: UploadForm): void }) {
  const { form } = props;
  const change = (field: keyof UploadForm, value: string | boolean) =>
    props.onChange({ ...form, [field]: value });
  return (
    <details class="options">
      <summary>Options</summary>
      <div class="option-grid">
        {FIELDS.map(({ field, label, hint, numeric }) => (
          <div key={field} class="stack">
            <label for={`option-${field}`}>{label}</label>
            <input
              id={`option-${field}`}
              class="text-input"
              inputMode={numeric ? 'numeric' : 'text'}
              value={form[field]}
              aria-describedby={`hint-${field}`}
              onInput={(event) => change(field, event.currentTarget.value)}
            />
            <span id={`hint-${field}`} class="soft small">
              {hint}
            </span>
          </div>
        ))}
        {CHOICES.map(({ field, label, hint, values }) => (
          <div key={field} class="stack">
            <label for={`option-${field}`}>{label}</label>
            <select
              id={`option-${field}`}
              class="text-input"
              aria-describedby={`hint-${field}`}
              value={form[field]}
              onChange={(event) => change(field, event.currentTarget.value)}
            >
              {values.map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </select>
            <span id={`hint-${field}`} class="soft small">
              {hint}
            </span>
          </div>
        ))}
        {SWITCHES.map(({ field, label }) => (
          <label key={field} class="row">
            <span>{label}</span>
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
