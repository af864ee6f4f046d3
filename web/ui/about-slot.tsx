import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { JobAbout } from '#protocol/api/about.ts';
import type { AppModel } from './model.ts';

type Card = ComponentType<{ app: AppModel; about: JobAbout }>;

/** Where it is said what this device computes. Nothing of it is loaded before the first job. */
export function AboutSlot({ app }: { app: AppModel }) {
  const { running, status } = app.world.value;
  const [Loaded, setLoaded] = useState<Card>();
  const known = running && status.about !== undefined;
  useEffect(() => {
    if (!known) return;
    Promise.all([import('./about-job.tsx'), app.loadSentences()]).then(
      ([{ AboutJob }]) => setLoaded(() => AboutJob),
      // Offline, or just updated: the page works without.
      (cause) => console.error('it is not shown what the job is', cause),
    );
  }, [app, known]);
  if (!known || status.about === undefined || Loaded === undefined) return null;
  return <Loaded app={app} about={status.about} />;
}
