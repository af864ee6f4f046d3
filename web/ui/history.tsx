import type { ComponentType } from 'preact';
import { useState } from 'preact/hooks';
import type { AppModel } from './model.ts';

/** What this device did on all visits. Nothing of it is loaded before it is opened. */
export function HistorySlot({ app }: { app: AppModel }) {
  const [Panel, setPanel] = useState<ComponentType<{ app: AppModel }>>();
  const open = async () => {
    const { HistoryPanel } = await import('./history-panel.tsx');
    setPanel(() => HistoryPanel);
  };
  return (
    <details class="card settings" data-testid="history" onToggle={() => void open()}>
      <summary>What this device did</summary>
      <div class="settings-body">{Panel === undefined ? null : <Panel app={app} />}</div>
    </details>
  );
}
