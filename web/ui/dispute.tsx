import { type DisputeWorld, viewDispute } from '../core/dispute-view.ts';

/** Where a device was found wrong: what may be asked, and what came of it. */
export function Dispute({ world, onAsk }: { world: DisputeWorld; onAsk(): void }) {
  const words = viewDispute(world);
  if (words === undefined) return null;
  const { tone, label, text, refused, action } = words;
  return (
    <div class="dispute" data-testid="dispute" data-state={world.found?.state}>
      <p role="status">
        <span class={`chip chip-${tone}`}>{label}</span> <span>{text}</span>
      </p>
      {refused === undefined ? null : (
        <p class="dispute-refused" role="alert" data-testid="dispute-refused">
          {refused}
        </p>
      )}
      {action === undefined ? null : (
        <button
          type="button"
          class="button"
          disabled={world.asking}
          onClick={onAsk}
          data-testid="dispute-ask"
        >
          {action}
        </button>
      )}
    </div>
  );
}
