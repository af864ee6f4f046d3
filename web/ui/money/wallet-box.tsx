import { t } from '@lingui/core/macro';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { Refused } from '../dashboard/refused.tsx';
import { useAction } from '../use-answer.ts';
import type { MoneyActions, WalletChoice, WalletState } from './actions.ts';
import { AddressText } from './sol.tsx';

/** Which wallet signs here; read again whenever one comes, goes or is chosen. */
export function useWallets(actions: MoneyActions): WalletState {
  const [wallets, setWallets] = useState<WalletState>({ chosen: undefined, installed: [] });
  const read = useCallback(async () => setWallets(await actions.readWallets()), [actions]);
  useEffect(() => {
    void read();
    return actions.watchWallets(() => void read());
  }, [actions, read]);
  return wallets;
}

/** Ways to a wallet: an installed one, a new one in this browser, or a secret from elsewhere. */
export function WalletChooser(props: {
  wallets: WalletState;
  actions: MoneyActions;
  onChosen(wallet: WalletChoice): void;
}) {
  const { wallets, actions, onChosen } = props;
  const { busy, refusal, act } = useAction();
  const choose = async (find: Parameters<typeof act<WalletChoice>>[0]) => {
    const found = await act(find);
    if (found !== undefined) onChosen(found);
  };
  return (
    <div class="stack">
      <div class="buttons">
        {wallets.installed.map((name) => (
          <button
            key={name}
            type="button"
            class="button"
            disabled={busy}
            onClick={() => choose(() => actions.connectWallet(name))}
          >
            {t`Connect ${name}`}
          </button>
        ))}
        <button
          type="button"
          class="button"
          disabled={busy}
          onClick={() => choose(() => actions.makeWallet())}
          data-testid="make-wallet"
        >
          {t`Make a wallet in this browser`}
        </button>
      </div>
      <SecretForm busy={busy} onSecret={(secret) => choose(() => actions.takeSecret(secret))} />
      {refusal === undefined ? null : <Refused refusal={refusal} />}
    </div>
  );
}

function SecretForm({ busy, onSecret }: { busy: boolean; onSecret(secret: string): void }) {
  const [secret, setSecret] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    onSecret(secret);
    setSecret('');
  };
  return (
    <details class="options">
      <summary>{t`Use the wallet of another browser`}</summary>
      <form class="stack" onSubmit={submit}>
        <label for="wallet-secret">{t`Secret, in base 58`}</label>
        <input
          id="wallet-secret"
          class="text-input mono"
          type="password"
          autocomplete="off"
          value={secret}
          onInput={(event) => setSecret(event.currentTarget.value)}
        />
        <button type="submit" class="button" disabled={busy}>
          {t`Use it here`}
        </button>
      </form>
    </details>
  );
}

/** The wallet that signs, and its secret: who loses that loses the money. */
export function WalletBox({ wallet, actions }: { wallet: WalletChoice; actions: MoneyActions }) {
  const [secret, setSecret] = useState<string | undefined>(undefined);
  const [forgetting, setForgetting] = useState(false);
  return (
    <details class="options" data-testid="wallet">
      <summary>{wallet.name}</summary>
      <div class="stack">
        <AddressText address={wallet.address} />
        {wallet.kind === 'installed' ? null : (
          <p class="soft small">
            {t`Its key lives in this browser alone. Keep the secret somewhere safe: whoever has it has the money, and without it a cleared browser loses it.`}
          </p>
        )}
        {secret === undefined ? null : <AddressText address={secret} />}
        <div class="buttons">
          {wallet.kind === 'here' && secret === undefined ? (
            <button
              type="button"
              class="button"
              onClick={async () => setSecret(await actions.revealSecret())}
            >
              {t`Show the secret`}
            </button>
          ) : null}
          <button
            type="button"
            class="button button-quiet"
            onClick={() => (forgetting ? actions.forgetWallet() : setForgetting(true))}
          >
            {wallet.kind === 'installed'
              ? t`Disconnect`
              : forgetting
                ? t`Forget it for good: I have the secret`
                : t`Forget this wallet`}
          </button>
        </div>
      </div>
    </details>
  );
}
