import { openClient, type Send } from '#client/client.ts';
import { readHealth } from '#client/grid.ts';
import { linkPayout as tellPayout } from '#client/money.ts';
import type { Address, PayoutView } from '#protocol/settlement/money-api.ts';
import type { Result } from '#protocol/values/refusal.ts';
import { type Instant, instant } from '#protocol/values/units.ts';
import type { Signer } from './signer.ts';

/** Tells a hub where a device wants its pay. Telling it twice changes nothing. */
export async function linkPayout(
  hub: URL,
  signer: Signer,
  {
    recipient,
    now = instant(Date.now()),
    send,
  }: { recipient: Address; now?: Instant; send?: Send | undefined },
): Promise<Result<PayoutView>> {
  const client = openClient({ hub, ...(send === undefined ? {} : { send }) });
  const health = await readHealth(client);
  if (!health.ok) return health;
  const record = { device: signer.key, hub: health.value.hub, recipient, at: now };
  const signature = await signer.sign('payout', record);
  return tellPayout(client, { record, signature });
}

/** Tells the hub the address for a device's pay. */
export interface PayoutTeller {
  /** A shard was accepted: what was refused may not be now. */
  accepted(): void;
  close(): void;
}

/** Tells the hub until it has taken the address: at once, after each shard, now and then. */
export function openPayoutTeller(options: {
  link(): Promise<Result<PayoutView>>;
  /** Called once with what the hub took, and with each new reason why it did not. */
  tell(said: Result<PayoutView>): void;
  everyMs?: number;
}): PayoutTeller {
  const { link, tell, everyMs = 60_000 } = options;
  let state: 'idle' | 'telling' | 'again' | 'done' = 'idle';
  let reason = '';

  async function say(): Promise<void> {
    if (state !== 'idle') {
      if (state === 'telling') state = 'again';
      return;
    }
    state = 'telling';
    const said = await link();
    if (isDone()) return;
    if (said.ok) close();
    if (said.ok || said.refusal.message !== reason) tell(said);
    if (said.ok) return;
    reason = said.refusal.message;
    const again = wasAsked();
    state = 'idle';
    if (again) await say();
  }
  // Who calls `say` while it waits changes the state under it.
  const isDone = () => state === 'done';
  const wasAsked = () => state === 'again';

  const timer = setInterval(() => void say(), everyMs);
  function close(): void {
    clearInterval(timer);
    state = 'done';
  }
  void say();
  return { accepted: () => void say(), close };
}
