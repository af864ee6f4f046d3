import {
  type CarePolicy,
  PRESET_NAMES,
  PRESETS,
  type PresetName,
} from '#protocol/messages/care.ts';
import { CARE_BOUNDS, presetOf } from '../core/care-settings.ts';
import { formatBytes, formatCount } from '../core/format.ts';
import { BlocksSettings } from './blocks-settings.tsx';
import { HoursSettings } from './hours-settings.tsx';
import type { AppModel } from './model.ts';
import { SliderRow } from './slider-row.tsx';
import { SwitchRow } from './switch-row.tsx';

const MEBIBYTE = 2 ** 20;
const PRESET_WORDS: Record<PresetName, { name: string; says: string }> = {
  gentle: { name: 'Gentle', says: 'Only while it charges on Wi-Fi, a third of the time.' },
  balanced: { name: 'Balanced', says: 'On Wi-Fi, charging or above 40 %, most of the time.' },
  all: { name: 'All it has', says: 'Whenever the page is open, down to 15 % of charge.' },
};

/** What a person lets this device do: three presets, and each of their parts. */
export function CareSettings({ app }: { app: AppModel }) {
  const { settings, platform } = app;
  const { care } = settings.value;
  const change = (part: Partial<CarePolicy>) => {
    settings.value = { ...settings.value, care: { ...care, ...part } };
  };
  return (
    <>
      <Presets care={care} choose={(preset) => change(PRESETS[preset])} />
      <p class="soft small">{platform.hidden} So it works only while this page is in view.</p>
      <PowerSettings care={care} change={change} app={app} />
      <LineSettings care={care} change={change} app={app} />
      <LoadSettings care={care} change={change} />
      <HoursSettings hours={care.hours} set={(hours) => change({ hours })} />
      <BlocksSettings app={app} />
    </>
  );
}

interface Part {
  care: CarePolicy;
  change: (part: Partial<CarePolicy>) => void;
}

function Presets({ care, choose }: { care: CarePolicy; choose: (preset: PresetName) => void }) {
  const chosen = presetOf(care);
  return (
    <fieldset class="presets">
      <legend>How hard may it work?</legend>
      {PRESET_NAMES.map((name) => (
        <label key={name} class="preset">
          <input
            type="radio"
            name="preset"
            checked={chosen === name}
            onChange={() => choose(name)}
          />
          <span>
            <strong>{PRESET_WORDS[name].name}</strong>
            <span class="soft small block">{PRESET_WORDS[name].says}</span>
          </span>
        </label>
      ))}
      <p class="soft small">
        {chosen === undefined
          ? 'Your own choice, below. Changes count at once.'
          : 'Changes count at once.'}
      </p>
    </fieldset>
  );
}

function PowerSettings({ care, change, app }: Part & { app: AppModel }) {
  const isTold = app.signals.value.battery !== undefined;
  return (
    <>
      <SwitchRow
        name="Only while it charges"
        says="Unplugged, it gives its work back and waits."
        on={care.onlyCharging}
        set={(onlyCharging) => change({ onlyCharging })}
      />
      <SliderRow
        name="Keep this much of the battery"
        says="Below it waits, and goes on 5 % above."
        value={care.chargeMin}
        shown={care.chargeMin === 0 ? 'nothing' : `${care.chargeMin} %`}
        {...CARE_BOUNDS.chargeMin}
        step={5}
        set={(chargeMin) => change({ chargeMin })}
      />
      {isTold ? null : <Said app={app} of="charging" name="It is charging now" />}
    </>
  );
}

/** The person says what the browser does not: for this visit. */
function Said(props: { app: AppModel; of: 'charging' | 'wifi'; name: string }) {
  const { said } = props.app;
  return (
    <SwitchRow
      name={props.name}
      says="This browser does not tell; you can, for this visit."
      on={said.value[props.of]}
      set={(on) => {
        said.value = { ...said.value, [props.of]: on };
      }}
    />
  );
}

function LineSettings({ care, change, app }: Part & { app: AppModel }) {
  const { line } = app.signals.value;
  const mebibytes = Math.round(care.dataPerDay / MEBIBYTE);
  return (
    <>
      <SwitchRow
        name="Only on Wi-Fi"
        says="On mobile data, or while the browser saves data, it waits."
        on={care.onlyWifi}
        set={(onlyWifi) => change({ onlyWifi })}
      />
      {line === undefined ? <Said app={app} of="wifi" name="It is on Wi-Fi now" /> : null}
      <SliderRow
        name="Data a day"
        says="All that it sends and receives; then it waits until midnight."
        value={mebibytes}
        shown={mebibytes === 0 ? 'no bound' : formatBytes(care.dataPerDay)}
        least={0}
        most={2_000}
        step={50}
        set={(chosen) => change({ dataPerDay: (chosen * MEBIBYTE) as CarePolicy['dataPerDay'] })}
      />
      <SwitchRow
        name="Ask where the browser does not tell"
        says="Off, it works when battery and line are not known."
        on={care.whenUnknown === 'ask'}
        set={(on) => change({ whenUnknown: on ? 'ask' : 'work' })}
      />
    </>
  );
}

function LoadSettings({ care, change }: Part) {
  return (
    <>
      <SliderRow
        name="Time at work"
        says="It rests after each piece: less heat, less work."
        value={care.duty}
        shown={`${care.duty} %`}
        {...CARE_BOUNDS.duty}
        step={10}
        set={(duty) => change({ duty })}
      />
      <SliderRow
        name="Cool down when it gets slower"
        says="A phone that is hot gets slow: so much slower, and it pauses for a minute."
        value={care.slowdownMax}
        shown={care.slowdownMax === 100 ? 'never' : `${care.slowdownMax} %`}
        {...CARE_BOUNDS.slowdownMax}
        step={5}
        set={(slowdownMax) => change({ slowdownMax })}
      />
      <SwitchRow
        name="Stop while I use it"
        says="A touch of this page or a key stops it for half a minute."
        on={care.pausesInUse}
        set={(pausesInUse) => change({ pausesInUse })}
      />
      <SliderRow
        name="Stop by itself"
        says="So many minutes after Start."
        value={care.stopsAfter}
        shown={care.stopsAfter === 0 ? 'never' : `after ${formatCount(care.stopsAfter)} min`}
        least={0}
        most={480}
        step={15}
        set={(stopsAfter) => change({ stopsAfter })}
      />
      <SliderRow
        name="Threads"
        says="Of the processor, where the browser allows several; from the next start on."
        value={care.threads}
        shown={formatCount(care.threads)}
        {...CARE_BOUNDS.threads}
        step={1}
        set={(threads) => change({ threads })}
      />
    </>
  );
}
