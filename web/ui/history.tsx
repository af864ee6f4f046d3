import { t } from '@lingui/core/macro';
import type { ComponentType } from 'preact';
import { useState } from 'preact/hooks';
import type { AppModel } from './model.ts';

/** What this device did on all visits. Nothing of it is loaded before it is opened. */
export function HistorySlot({ app }: { app: AppModel }) {
  const [Panel, setPanel] = useState<ComponentType<{ app: AppModel }>>();
  const open = async () => {
    const [{ HistoryPanel }] = await Promise.all([
      import('./history-panel.tsx'),
      app.loadSentences(),
    ]);
    setPanel(() => HistoryPanel);
  };
  return (
    <details class="card settings" data-testid="history" onToggle={() => void open()}>
      <summary>{t`What this device did`}</summary>
      <div class="settings-body">{Panel === undefined ? null : <Panel app={app} />}</div>
    </details>
  );
}
