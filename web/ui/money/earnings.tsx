import { t } from '@lingui/core/macro';
import './money.css';
import { useCallback } from 'preact/hooks';
import type { PublicKey } from '#protocol/values/ids.ts';
import { hasEarnedNothing } from '../../core/money/earnings.ts';
import { Refused } from '../dashboard/refused.tsx';
import type { AppModel } from '../model.ts';
import { useAnswer } from '../use-answer.ts';
import type { MoneyActions } from './actions.ts';
import { Claims } from './claim.tsx';
import { Donate } from './donate.tsx';
import { EarningLines, EarningNotes } from './earning-lines.tsx';
import { Payout } from './payout.tsx';
import { useWallets, WalletBox } from './wallet-box.tsx';

const REFRESH_MS = 15_000;

/** What this device has earned and how to get it. Nothing where the grid pays nothing. */
export function Earnings(props: { device: PublicKey; app: AppModel; actions: MoneyActions }) {
  const { device, app, actions } = props;
  const pay = useAnswer(
    useCallback(() => actions.readPay(device), [actions, device]),
    REFRESH_MS,
  );
  const wallets = useWallets(actions);
  const { value, refusal } = pay;
  if (refusal?.code === 'chain-missing') return null;
  const shown = (
    <>
      {value?.chain.local === true ? (
        <p class="soft small">
          {t`Practice money: this grid settles on a development chain, whose SOL are worth nothing.`}
        </p>
      ) : null}
      {value?.kept === true ? (
        <p class="note note-warn" data-testid="hub-gone">
          {t`The hub is silent. What is settled can still be claimed: this browser keeps the proof.`}
        </p>
      ) : null}
      {refusal === undefined ? null : <Refused refusal={refusal} />}
      {value === undefined ? (
        refusal === undefined ? (
          <p class="soft">{t`Asking the hub and the chain…`}</p>
        ) : null
      ) : (
        <>
          <EarningLines earnings={value.earnings} />
          <EarningNotes earnings={value.earnings} />
          <Claims
            claims={value.claims}
            wallets={wallets}
            actions={actions}
            onClaimed={() => void pay.again()}
          />
          {value.kept ? null : (
            <Payout
              payouts={value.payouts}
              wallets={wallets}
              actions={actions}
              onLinked={() => void pay.again()}
            />
          )}
        </>
      )}
      <Donate settings={app.settings} job={app.world.value.status.shard?.job} />
      {wallets.chosen === undefined ? null : (
        <WalletBox wallet={wallets.chosen} actions={actions} />
      )}
    </>
  );
  // Who computes for free is not to be asked for a wallet.
  if (value !== undefined && hasEarnedNothing(value.earnings) && value.payouts.length === 0) {
    return (
      <details class="card settings" data-testid="earnings">
        <summary>{t`Earnings: none yet, this work was free`}</summary>
        <div class="settings-body">{shown}</div>
      </details>
    );
  }
  return (
    <section class="card" aria-labelledby="earnings-title" data-testid="earnings">
      <h2 id="earnings-title">{t`Earnings`}</h2>
      {shown}
    </section>
  );
}
