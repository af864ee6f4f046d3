import { useEffect, useState } from 'preact/hooks';
import type { AppModel, EarningsPanel } from './model.ts';

/** Where the pay of this device is shown, once it has a name; nothing of it loads before. */
export function EarningsSlot({ app }: { app: AppModel }) {
  const device = app.device.value;
  const [panel, setPanel] = useState<EarningsPanel | undefined>(undefined);
  const known = device !== undefined;
  useEffect(() => {
    if (!known) return;
    // Offline, or just updated: the page works without.
    app.loadEarnings().then(setPanel, (cause) => console.error('no earnings are shown', cause));
  }, [app, known]);
  if (panel === undefined || device === undefined) return null;
  return <panel.Earnings device={device} app={app} actions={panel.actions} />;
}
