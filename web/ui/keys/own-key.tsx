import { t } from '@lingui/core/macro';
import type { OwnKey } from '#protocol/api/keys.ts';
import { describeKey, viewSpend } from '../../core/keys-view.ts';
import { Meter } from '../meter.tsx';

/** The key that this page calls with: what its jobs came to, against its budget. */
export function OwnKeyCard({ own }: { own: OwnKey }) {
  const { words } = describeKey(own, Date.now());
  return (
    <section class="card" aria-labelledby="own-key-title" data-testid="own-key">
      <h2 id="own-key-title">{t`This key: ${own.name}`}</h2>
      <p class="soft">
        <code>{own.id}</code> · {words}
      </p>
      <Spend of={own} />
    </section>
  );
}

/** What the jobs of a key came to, a meter for each limit that it has. */
export function Spend({ of }: { of: OwnKey }) {
  return (
    <div class="spend" data-testid="spend">
      {viewSpend(of).map(({ name, label, share }) =>
        share === undefined ? (
          <p key={name}>
            {name}: <strong class="number">{label}</strong>{' '}
            <span class="soft small">{t`(no limit)`}</span>
          </p>
        ) : (
          <Meter
            key={name}
            id={`spend-${name.split(' ')[0]}-${of.id}`}
            name={name}
            share={share}
            label={label}
          />
        ),
      )}
    </div>
  );
}
