import type { MessageDescriptor } from '@lingui/core';
import { msg, t } from '@lingui/core/macro';
import type { ComponentType } from 'preact';
import { useState } from 'preact/hooks';
import { say } from '../core/language.ts';
import { PROVIDER_CHOICES, type Settings } from '../core/settings.ts';
import type { AppModel } from './model.ts';
import { SwitchRow } from './switch-row.tsx';

const CHOICES: Record<Settings['provider'], MessageDescriptor> = {
  auto: msg`Fastest that is right`,
  wasm: msg`Processor (WASM)`,
  webgpu: msg`Graphics (WebGPU)`,
  webnn: msg`Neural engine (WebNN)`,
};

/** What this device may do, and how. Its larger half is loaded when it is opened. */
export function SettingsPanel({ app }: { app: AppModel }) {
  const [Care, setCare] = useState<ComponentType<{ app: AppModel }>>();
  const open = async () => {
    const [{ CareSettings }] = await Promise.all([
      import('./care-settings.tsx'),
      app.loadSentences(),
    ]);
    setCare(() => CareSettings);
  };
  return (
    <details class="card settings" data-testid="settings" onToggle={() => void open()}>
      <summary>{t`Settings`}</summary>
      <div class="settings-body">
        {Care === undefined ? null : <Care app={app} />}
        <ComputeSettings app={app} />
      </div>
    </details>
  );
}

/** Changes take effect at the next start. */
function ComputeSettings({ app }: { app: AppModel }) {
  const { settings } = app;
  const { provider, webrtc } = settings.value;
  return (
    <>
      <label class="row">
        <span>{t`Compute with`}</span>
        <select
          value={provider}
          onChange={(event) => {
            const choice = PROVIDER_CHOICES.find((name) => name === event.currentTarget.value);
            if (choice !== undefined) settings.value = { ...settings.value, provider: choice };
          }}
        >
          {PROVIDER_CHOICES.map((name) => (
            <option key={name} value={name}>
              {say(CHOICES[name])}
            </option>
          ))}
        </select>
      </label>
      <SwitchRow
        name={t`Share model pieces with other devices`}
        says={t`Direct connections (WebRTC) make downloads faster for everyone. They show your network address to those devices.`}
        on={webrtc}
        set={(on) => {
          settings.value = { ...settings.value, webrtc: on };
        }}
      />
      {app.world.value.running ? (
        <p class="soft small">{t`These two take effect at the next start.`}</p>
      ) : null}
    </>
  );
}
