import { t } from '@lingui/core/macro';
import type { CarePolicy, HourRange } from '#protocol/messages/care.ts';
import { readMinute, showMinute } from '../core/care-settings.ts';
import { nameWeekday } from '../core/format.ts';

type Hours = CarePolicy['hours'];
type Day = Hours[number];

const NIGHT: HourRange = { from: 22 * 60, to: 7 * 60 };

/** The hours of each day of the week at which it may work. */
export function HoursSettings({ hours, set }: { hours: Hours; set: (hours: Hours) => void }) {
  const change = (weekday: number, day: Day) =>
    set(hours.map((each, at) => (at === weekday ? day : each)));
  return (
    <details>
      <summary>{hours.every((day) => day === 'all') ? t`Hours: any` : t`Hours: some`}</summary>
      {hours.map((day, weekday) => (
        <DayRow
          key={weekday}
          name={nameWeekday(weekday)}
          day={day}
          set={(next) => change(weekday, next)}
        />
      ))}
      <p class="soft small">{t`A range that ends before it begins goes past midnight.`}</p>
    </details>
  );
}

function DayRow({ name, day, set }: { name: string; day: Day; set: (day: Day) => void }) {
  const kind = typeof day === 'object' ? 'range' : day;
  return (
    <div class="row">
      <label>
        {name}{' '}
        <select
          value={kind}
          onChange={(event) => {
            const { value } = event.currentTarget;
            set(value === 'all' || value === 'never' ? value : NIGHT);
          }}
        >
          <option value="all">{t`any time`}</option>
          <option value="range">{t`from … to`}</option>
          <option value="never">{t`never`}</option>
        </select>
      </label>
      {typeof day !== 'object' ? null : (
        <span class="hours">
          <Time name={t`${name}, from`} minute={day.from} set={(from) => set({ ...day, from })} />
          <Time name={t`${name}, to`} minute={day.to} set={(to) => set({ ...day, to })} />
        </span>
      )}
    </div>
  );
}

function Time(props: { name: string; minute: number; set: (minute: number) => void }) {
  return (
    <input
      type="time"
      class="text-input"
      aria-label={props.name}
      value={showMinute(props.minute)}
      onChange={(event) => {
        const minute = readMinute(event.currentTarget.value);
        if (minute !== undefined) props.set(minute);
      }}
    />
  );
}
