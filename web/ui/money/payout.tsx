import { t } from '@lingui/core/macro';
import { useState } from 'preact/hooks';
import type { PayoutView } from '#protocol/settlement/money-api.ts';
import { Refused } from '../dashboard/refused.tsx';
import { Trans } from '../trans.tsx';
import { useAction } from '../use-answer.ts';
import type { MoneyActions, WalletState } from './actions.ts';
import { AddressText } from './sol.tsx';
import { WalletChooser } from './wallet-box.tsx';

/** Where this device's pay goes, and how to change that. */
export function Payout(props: {
  payouts: readonly PayoutView[];
  wallets: WalletState;
  actions: MoneyActions;
  onLinked(): void;
}) {
  const { payouts, wallets, actions, onLinked } = props;
  const { busy, refusal, act } = useAction();
  const link = async (recipient: string) => {
    const linked = await act(() => actions.linkPayout(recipient));
    if (linked !== undefined) onLinked();
  };
  const newest = payouts.at(-1);
  const chosen = wallets.chosen;
  const ways = (
    <div class="stack">
      {chosen === undefined || chosen.address === newest?.record.recipient ? null : (
        <div class="buttons">
          <button
            type="button"
            class="button button-main"
            disabled={busy}
            onClick={() => link(chosen.address)}
            data-testid="link-wallet"
          >
            {chosen.kind === 'here' ? t`Pay me into my wallet here` : t`Pay me into ${chosen.name}`}
          </button>
        </div>
      )}
      {chosen === undefined ? (
        <WalletChooser
          wallets={wallets}
          actions={actions}
          onChosen={({ address }) => link(address)}
        />
      ) : null}
      <AddressForm busy={busy} onAddress={link} />
      {refusal === undefined ? null : <Refused refusal={refusal} />}
    </div>
  );
  if (newest === undefined) {
    return (
      <div class="stack">
        <h3>{t`Where should your pay go?`}</h3>
        {ways}
      </div>
    );
  }
  return (
    <div class="stack">
      <p data-testid="payout">
        <Trans>
          Your pay goes to <AddressText address={newest.record.recipient} />
        </Trans>
      </p>
      <details class="options">
        <summary>{t`Use another address from now on`}</summary>
        {ways}
      </details>
    </div>
  );
}

function AddressForm({ busy, onAddress }: { busy: boolean; onAddress(address: string): void }) {
  const [address, setAddress] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    onAddress(address);
  };
  return (
    <details class="options">
      <summary>{t`Paste the address of a wallet you have`}</summary>
      <form class="stack" onSubmit={submit}>
        <label for="payout-address">{t`Address on Solana`}</label>
        <input
          id="payout-address"
          class="text-input mono"
          autocomplete="off"
          spellcheck={false}
          value={address}
          onInput={(event) => setAddress(event.currentTarget.value)}
        />
        <button type="submit" class="button" disabled={busy} data-testid="link-address">
          {t`Pay me there`}
        </button>
      </form>
    </details>
  );
}
