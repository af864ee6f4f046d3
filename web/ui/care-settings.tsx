import type { MessageDescriptor } from '@lingui/core';
import { msg, t } from '@lingui/core/macro';
import {
  type CarePolicy,
  PRESET_NAMES,
  PRESETS,
  type PresetName,
} from '#protocol/messages/care.ts';
import { CARE_BOUNDS, presetOf } from '../core/care-settings.ts';
import { formatBytes, formatCount, formatShare } from '../core/format.ts';
import { say } from '../core/language.ts';
import { BackgroundSettings } from './background-settings.tsx';
import { BlocksSettings } from './blocks-settings.tsx';
import { HoursSettings } from './hours-settings.tsx';
import type { AppModel } from './model.ts';
import { SliderRow } from './slider-row.tsx';
import { SwitchRow } from './switch-row.tsx';

const MEBIBYTE = 2 ** 20;
const PRESET_WORDS: Record<PresetName, { name: MessageDescriptor; says: MessageDescriptor }> = {
  gentle: { name: msg`Gentle`, says: msg`Only while it charges on Wi-Fi, a third of the time.` },
  balanced: { name: msg`Balanced`, says: msg`On Wi-Fi, charging or above 40 %, most of the time.` },
  all: { name: msg`All it has`, says: msg`Whenever the page is open, down to 15 % of charge.` },
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
      <p class="soft small">
        {say(platform.hidden)}{' '}
        {settings.value.background.computes
          ? t`So it works while this page is in view, and a little when the browser wakes it.`
          : t`So it works only while this page is in view.`}
      </p>
      <PowerSettings care={care} change={change} app={app} />
      <LineSettings care={care} change={change} app={app} />
      <LoadSettings care={care} change={change} />
      <HoursSettings hours={care.hours} set={(hours) => change({ hours })} />
      <BlocksSettings app={app} />
      <BackgroundSettings app={app} />
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
      <legend>{t`How hard may it work?`}</legend>
      {PRESET_NAMES.map((name) => (
        <label key={name} class="preset">
          <input
            type="radio"
            name="preset"
            value={name}
            checked={chosen === name}
            onChange={() => choose(name)}
          />
          <span>
            <strong>{say(PRESET_WORDS[name].name)}</strong>
            <span class="soft small block">{say(PRESET_WORDS[name].says)}</span>
          </span>
        </label>
      ))}
      <p class="soft small">
        {chosen === undefined
          ? t`Your own choice, below. Changes count at once.`
          : t`Changes count at once.`}
      </p>
    </fieldset>
  );
}

function PowerSettings({ care, change, app }: Part & { app: AppModel }) {
  const isTold = app.signals.value.battery !== undefined;
  return (
    <>
      <SwitchRow
        name={t`Only while it charges`}
        says={t`Unplugged, it gives its work back and waits.`}
        on={care.onlyCharging}
        set={(onlyCharging) => change({ onlyCharging })}
      />
      <SliderRow
        name={t`Keep this much of the battery`}
        says={t`Below it waits, and goes on 5 % above.`}
        value={care.chargeMin}
        shown={care.chargeMin === 0 ? t`nothing` : formatShare(care.chargeMin / 100)}
        {...CARE_BOUNDS.chargeMin}
        step={5}
        set={(chargeMin) => change({ chargeMin })}
      />
      {isTold ? null : <Said app={app} of="charging" name={t`It is charging now`} />}
    </>
  );
}

/** The person says what the browser does not: for this visit. */
function Said(props: { app: AppModel; of: 'charging' | 'wifi'; name: string }) {
  const { said } = props.app;
  return (
    <SwitchRow
      name={props.name}
      says={t`This browser does not tell; you can, for this visit.`}
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
        name={t`Only on Wi-Fi`}
        says={t`On mobile data, or while the browser saves data, it waits.`}
        on={care.onlyWifi}
        set={(onlyWifi) => change({ onlyWifi })}
      />
      {line === undefined ? <Said app={app} of="wifi" name={t`It is on Wi-Fi now`} /> : null}
      <SliderRow
        name={t`Data a day`}
        says={t`All that it sends and receives; then it waits until midnight.`}
        value={mebibytes}
        shown={mebibytes === 0 ? t`no bound` : formatBytes(care.dataPerDay)}
        least={0}
        most={2_000}
        step={50}
        set={(chosen) => change({ dataPerDay: (chosen * MEBIBYTE) as CarePolicy['dataPerDay'] })}
      />
      <SwitchRow
        name={t`Ask where the browser does not tell`}
        says={t`Off, it works when battery and line are not known.`}
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
        name={t`Time at work`}
        says={t`It rests after each piece: less heat, less work.`}
        value={care.duty}
        shown={formatShare(care.duty / 100)}
        {...CARE_BOUNDS.duty}
        step={10}
        set={(duty) => change({ duty })}
      />
      <SliderRow
        name={t`Cool down when it gets slower`}
        says={t`A phone that is hot gets slow: so much slower, and it pauses for a minute.`}
        value={care.slowdownMax}
        shown={care.slowdownMax === 100 ? t`never` : formatShare(care.slowdownMax / 100)}
        {...CARE_BOUNDS.slowdownMax}
        step={5}
        set={(slowdownMax) => change({ slowdownMax })}
      />
      <SwitchRow
        name={t`Stop while I use it`}
        says={t`A touch of this page or a key stops it for half a minute.`}
        on={care.pausesInUse}
        set={(pausesInUse) => change({ pausesInUse })}
      />
      <SliderRow
        name={t`Stop by itself`}
        says={t`So many minutes after Start.`}
        value={care.stopsAfter}
        shown={care.stopsAfter === 0 ? t`never` : t`after ${formatCount(care.stopsAfter)} min`}
        least={0}
        most={480}
        step={15}
        set={(stopsAfter) => change({ stopsAfter })}
      />
      <SliderRow
        name={t`Threads`}
        says={t`Of the processor, where the browser allows several; from the next start on.`}
        value={care.threads}
        shown={formatCount(care.threads)}
        {...CARE_BOUNDS.threads}
        step={1}
        set={(threads) => change({ threads })}
      />
    </>
  );
}
