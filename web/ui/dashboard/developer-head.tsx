import type { Refusal } from '#protocol/values/refusal.ts';
import { Refused } from './refused.tsx';
import './developer-head.css';

const PLACES = [
  { title: 'Dashboard', label: 'Jobs', path: '/dashboard' },
  { title: 'Playground', label: 'Playground', path: '/dashboard/playground' },
  { title: 'Models', label: 'Models', path: '/dashboard/models' },
  { title: 'Keys', label: 'Keys', path: '/dashboard/keys' },
  { title: 'Webhooks', label: 'Webhooks', path: '/dashboard/webhooks' },
] as const;

/** The head of a developer's page: its name, the other pages, and why the hub would not answer. */
export function DeveloperHead(props: {
  title: (typeof PLACES)[number]['title'];
  refusal: Refusal | undefined;
  onForget(): void;
}) {
  const { title, refusal, onForget } = props;
  const wrongKey = refusal?.code === 'key-wrong' || refusal?.code === 'key-missing';
  return (
    <>
      <header class="page-head">
        <h1>{title}</h1>
        <button type="button" class="button button-quiet" onClick={onForget}>
          Forget my key
        </button>
      </header>
      <nav class="places" aria-label="For developers">
        {PLACES.map((place) => (
          <a
            key={place.path}
            href={place.path}
            aria-current={place.title === title ? 'page' : undefined}
          >
            {place.label}
          </a>
        ))}
      </nav>
      {refusal === undefined ? null : (
        <Refused refusal={refusal}>
          {wrongKey ? (
            <button type="button" class="button" onClick={onForget}>
              Enter another key
            </button>
          ) : null}
        </Refused>
      )}
    </>
  );
}
