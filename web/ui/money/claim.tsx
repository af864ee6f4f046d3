import { t } from '@lingui/core/macro';
import { useCallback, useState } from 'preact/hooks';
import { PAGE_SLOTS } from '#protocol/settlement/accounts.ts';
import { formatCount, formatSol } from '../../core/format.ts';
import type { ClaimDone } from '../../core/money/claim-plan.ts';
import { type Claim, dueOf } from '../../core/money/earnings.ts';
import { Trans } from '../trans.tsx';
import { useAction, useAnswer } from '../use-answer.ts';
import type { MoneyActions, WalletState } from './actions.ts';
import { PlanForm } from './plan-form.tsx';
import { Sol } from './sol.tsx';
import { Sums } from './sums.tsx';
import { WalletChooser } from './wallet-box.tsx';

/** One claim for each address that is owed something. */
export function Claims(props: {
  claims: readonly Claim[];
  wallets: WalletState;
  actions: MoneyActions;
  onClaimed(): void;
}) {
  const { claims, wallets, actions, onClaimed } = props;
  const [done, setDone] = useState<ClaimDone | undefined>(undefined);
  const due = claims.filter((claim) => dueOf(claim) > 0n);
  return (
    <>
      {due.length > 0 && wallets.chosen === undefined ? (
        <div class="stack">
          <p>{t`A claim is sent by a wallet, which pays the network’s fee. Any wallet can.`}</p>
          <WalletChooser wallets={wallets} actions={actions} onChosen={() => undefined} />
        </div>
      ) : (
        due.map((claim) => (
          <ClaimForm
            key={`${claim.index} ${claim.cumulative} ${wallets.chosen?.address}`}
            claim={claim}
            actions={actions}
            onDone={(receipt) => {
              setDone(receipt);
              onClaimed();
            }}
          />
        ))
      )}
      {done === undefined ? null : <ClaimReceipt done={done} />}
    </>
  );
}

function ClaimForm(props: { claim: Claim; actions: MoneyActions; onDone(done: ClaimDone): void }) {
  const { claim, actions, onDone } = props;
  const preview = useAnswer(useCallback(() => actions.previewClaim(claim), [actions, claim]));
  const { busy, refusal, act } = useAction();
  const plan = preview.value;
  const refused = refusal ?? preview.refusal;
  const submit = async () => {
    const done = await act(() => actions.makeClaim(claim));
    if (done !== undefined) {
      actions.say(t`${formatSol(done.after - done.before)} have been paid.`);
      onDone(done);
    }
  };
  return (
    <PlanForm
      class="stack claim"
      isReady={plan !== undefined}
      isBusy={busy}
      refusal={refused}
      button={{ label: t`Claim ${formatSol(dueOf(claim))}`, busy: t`Claiming…`, testId: 'claim' }}
      onSubmit={submit}
    >
      {plan === undefined ? null : (
        <Sums
          id="claim-plan"
          rows={[
            { label: t`You are paid`, amount: plan.due },
            { label: t`Network fee`, amount: plan.fee },
            ...(plan.pageRent === 0n
              ? []
              : [
                  {
                    label: t`Rent for the page of claims, once for ${formatCount(PAGE_SLOTS)} contributors`,
                    amount: plan.pageRent,
                  },
                ]),
            {
              label: t`The address then holds`,
              note: t`the network wants ${formatSol(plan.rentMinimum)} in it at least`,
              amount: plan.recipientAfter,
            },
          ]}
        />
      )}
    </PlanForm>
  );
}

function ClaimReceipt({ done: { signature, before, after } }: { done: ClaimDone }) {
  return (
    <div class="note" data-testid="claimed">
      <p>
        <Trans>
          <strong>Paid.</strong> Your address held <Sol amount={before} /> and now holds{' '}
          <Sol amount={after} id="balance-after" />.
        </Trans>
        <span class="soft small block">
          <Trans>
            Transaction <code class="address">{signature}</code>
          </Trans>
        </span>
      </p>
    </div>
  );
}
