import type { Assurance } from '#protocol/api/job.ts';
import type { UploadForm } from '../../core/upload.ts';

type TextField = Exclude<keyof UploadForm, 'allowNan' | 'taps' | 'assurance'>;

const ASSURANCES: readonly { value: Assurance; label: string }[] = [
  { value: 'instant', label: 'At once, spot-checked' },
  { value: 'settled', label: 'When later work vouches for it' },
  { value: 'full', label: 'Every unit checked' },
];

const FIELDS: readonly { field: TextField; label: string; hint: string; numeric?: boolean }[] = [
  { field: 'name', label: 'Name', hint: 'the model’s file name when empty' },
  {
    field: 'unitItems',
    label: 'Items per unit',
    hint: 'the hub chooses when empty',
    numeric: true,
  },
  { field: 'mean', label: 'Image mean', hint: 'per channel, 0 to 1, with commas' },
  { field: 'std', label: 'Image deviation', hint: 'per channel, with commas' },
  { field: 'unitPrice', label: 'Lamports per unit', hint: 'volunteers when empty', numeric: true },
];

/** What can be said of a job beside its files; every field may stay empty. */
export function UploadOptions(props: { form: UploadForm; onChange(form: UploadForm): void }) {
  const { form, onChange } = props;
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
              onInput={(event) => onChange({ ...form, [field]: event.currentTarget.value })}
            />
            <span id={`hint-${field}`} class="soft small">
              {hint}
            </span>
          </div>
        ))}
        <div class="stack">
          <label for="option-assurance">Results</label>
          <select
            id="option-assurance"
            class="text-input"
            aria-describedby="hint-assurance"
            value={form.assurance}
            onChange={(event) =>
              onChange({ ...form, assurance: event.currentTarget.value as Assurance })
            }
          >
            {ASSURANCES.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
          <span id="hint-assurance" class="soft small">
            more checks take longer and cost more
          </span>
        </div>
        <label class="row">
          <span>Inputs may hold NaN</span>
          <input
            type="checkbox"
            class="switch"
            checked={form.allowNan}
            onChange={(event) => onChange({ ...form, allowNan: event.currentTarget.checked })}
          />
        </label>
        <label class="row">
          <span>Checks look inside the model</span>
          <input
            type="checkbox"
            class="switch"
            checked={form.taps}
            onChange={(event) => onChange({ ...form, taps: event.currentTarget.checked })}
          />
        </label>
      </div>
    </details>
  );
}
