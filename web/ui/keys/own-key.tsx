import type { OwnKey } from '#protocol/api/keys.ts';
import { describeKey, viewSpend } from '../../core/keys-view.ts';
import { Meter } from '../meter.tsx';

/** The key that this page calls with: what its jobs came to, against its budget. */
export function OwnKeyCard({ own }: { own: OwnKey }) {
  const { words } = describeKey(own, Date.now());
  return (
    <section class="card" aria-labelledby="own-key-title" data-testid="own-key">
      <h2 id="own-key-title">This key: {own.name}</h2>
      <p class="soft">
        <code>{own.id}</code> · {words}
      </p>
      <div class="spend">
        {viewSpend(own).map(({ name, label, share }) =>
          share === undefined ? (
            <p key={name}>
              {name}: <strong class="number">{label}</strong>{' '}
              <span class="soft small">(no limit)</span>
            </p>
          ) : (
            <Meter
              key={name}
              id={`spend-${name.split(' ')[0]}`}
              name={name}
              share={share}
              label={label}
            />
          ),
        )}
      </div>
    </section>
  );
}
