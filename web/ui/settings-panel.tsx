import type { Signal } from '@preact/signals';
import { PROVIDER_CHOICES, type Settings } from '../core/settings.ts';

const CHOICES: Record<Settings['provider'], string> = {
  auto: 'Fastest that is right',
  wasm: 'Processor (WASM)',
  webgpu: 'Graphics (WebGPU)',
  webnn: 'Neural engine (WebNN)',
};

/** How this device works. Changes take effect at the next start. */
export function SettingsPanel(props: { settings: Signal<Settings>; running: boolean }) {
  const { settings, running } = props;
  const { provider, webrtc } = settings.value;
  return (
    <details class="card settings">
      <summary>Settings</summary>
      <div class="settings-body">
        <label class="row">
          <span>Compute with</span>
          <select
            value={provider}
            onChange={(event) => {
              const choice = PROVIDER_CHOICES.find((name) => name === event.currentTarget.value);
              if (choice !== undefined) settings.value = { ...settings.value, provider: choice };
            }}
          >
            {PROVIDER_CHOICES.map((name) => (
              <option key={name} value={name}>
                {CHOICES[name]}
              </option>
            ))}
          </select>
        </label>
        <label class="row">
          <span>
            Share model pieces with other devices
            <span class="soft small block">
              Direct connections (WebRTC) make downloads faster for everyone. They show your network
              address to those devices.
            </span>
          </span>
          <input
            type="checkbox"
            class="switch"
            checked={webrtc}
            onChange={(event) => {
              settings.value = { ...settings.value, webrtc: event.currentTarget.checked };
            }}
          />
        </label>
        {running ? <p class="soft small">Changes take effect at the next start.</p> : null}
      </div>
    </details>
  );
}
