import { t } from '@lingui/core/macro';
import { Trans } from '../trans.tsx';
import './money.css';
import { useCallback } from 'preact/hooks';
import type { JobView } from '#protocol/api/job.ts';
import type { Address } from '#protocol/settlement/money-api.ts';
import type { JobId } from '#protocol/values/ids.ts';
import { formatSol } from '../../core/format.ts';
import { isEnded } from '../../core/job-view.ts';
import type { JobEscrow } from '../../core/money/escrow.ts';
import { describeStep, nameButton } from '../../core/money/step-words.ts';
import { Refused } from '../dashboard/refused.tsx';
import { useAction, useAnswer } from '../use-answer.ts';
import type { MoneyActions } from './actions.ts';
import { PlanForm } from './plan-form.tsx';
import { AddressText } from './sol.tsx';
import { type SumRow, Sums } from './sums.tsx';
import { useWallets, WalletBox, WalletChooser } from './wallet-box.tsx';

const REFRESH_MS = 10_000;

/** The money of a job that names a price: its deposit before the start, then where it stands. */
export function JobMoney(props: {
  job: JobView;
  developerKey: string;
  actions: MoneyActions;
  onFunded(job: JobView): void;
}) {
  const { job, developerKey, actions, onFunded } = props;
  if (job.unitPrice === '0') return null;
  if (job.funding !== undefined) {
    return <Budget job={job} poster={job.funding.poster} actions={actions} />;
  }
  if (isEnded(job.state)) return <Leftover job={job} actions={actions} />;
  if (job.state !== 'quoted' || job.quote === undefined) return null;
  return (
    <Deposit
      request={{ key: developerKey, job: job.id }}
      total={BigInt(job.quote.total)}
      actions={actions}
      onFunded={onFunded}
    />
  );
}

interface DepositProps {
  request: { key: string; job: JobId };
  total: bigint;
  actions: MoneyActions;
  onFunded(job: JobView): void;
}

function Deposit(props: DepositProps) {
  const { actions } = props;
  const wallets = useWallets(actions);
  return (
    <section class="card" aria-labelledby="deposit-title" data-testid="deposit">
      <h2 id="deposit-title">{t`The deposit`}</h2>
      <p class="soft">
        {t`The whole price goes into an escrow of this job on the chain. Verified work is paid from it; the rest comes back to you.`}
      </p>
      {wallets.chosen === undefined ? (
        <WalletChooser wallets={wallets} actions={actions} onChosen={() => undefined} />
      ) : (
        <>
          <DepositForm key={wallets.chosen.address} {...props} />
          <WalletBox wallet={wallets.chosen} actions={actions} />
        </>
      )}
    </section>
  );
}

function DepositForm({ request, total, actions, onFunded }: DepositProps) {
  const { job } = request;
  const ask = useCallback(() => actions.previewDeposit(job, total), [actions, job, total]);
  const preview = useAnswer(ask);
  const { busy, refusal, act } = useAction();
  const plan = preview.value;
  const refused = refusal ?? preview.refusal;
  const submit = async () => {
    const funded = await act(() => actions.fundJob(request, total));
    if (funded === undefined) return;
    actions.say(t`The job is funded. It can start.`);
    onFunded(funded);
  };
  return (
    <PlanForm
      isReady={plan !== undefined}
      isBusy={busy}
      refusal={refused}
      button={{
        label: t`Deposit ${formatSol(total)}`,
        busy: t`Depositing…`,
        testId: 'make-deposit',
      }}
      onSubmit={submit}
    >
      {plan === undefined ? null : (
        <Sums
          id="deposit-plan"
          rows={[
            { label: t`Into the escrow`, amount: plan.amount },
            {
              label: t`Rent of the escrow’s account`,
              note: t`back when you close it`,
              amount: plan.rent,
            },
            { label: t`Network fee`, amount: plan.fee },
          ]}
        />
      )}
    </PlanForm>
  );
}

/** What was deposited for a job that the hub never took for funded. */
function Leftover({ job, actions }: { job: JobView; actions: MoneyActions }) {
  const { chosen } = useWallets(actions);
  if (chosen === undefined) return null;
  return <Budget job={job} poster={chosen.address} actions={actions} />;
}

function Budget(props: { job: JobView; poster: Address; actions: MoneyActions }) {
  const { job, poster, actions } = props;
  const { id, funding } = job;
  const read = useAnswer(
    useCallback(() => actions.readEscrow(id, poster), [actions, id, poster]),
    REFRESH_MS,
  );
  // Without a value and a refusal the escrow is closed: all of it has gone where it belongs.
  const isClosed = 'value' in read && read.value === undefined;
  if (isClosed && funding === undefined) return null;
  return (
    <section class="card" aria-labelledby="budget-title" data-testid="budget">
      <h2 id="budget-title">{t`The money`}</h2>
      {read.value === undefined ? null : <Sums rows={sumsOf(read.value)} />}
      {'value' in read || read.refusal !== undefined ? null : (
        <p class="soft">{t`Asking the chain…`}</p>
      )}
      {isClosed ? (
        <p data-testid="escrow-closed">{t`The escrow is closed; its rent came back.`}</p>
      ) : null}
      {read.refusal === undefined ? null : <Refused refusal={read.refusal} />}
      {read.value === undefined ? null : (
        <Step escrow={read.value} job={job} actions={actions} onTaken={() => void read.again()} />
      )}
      <p class="soft small">
        <Trans>
          Deposited by <AddressText address={poster} />
        </Trans>
      </p>
    </section>
  );
}

const sumsOf = (escrow: JobEscrow): SumRow[] => [
  { id: 'escrow-budget', label: t`Budget`, amount: escrow.budget },
  { id: 'escrow-spent', label: t`Spent on verified work`, amount: escrow.spent },
  { id: 'escrow-held', label: t`Held in the escrow`, amount: escrow.held },
  { id: 'escrow-refunded', label: t`Came back`, amount: escrow.refunded },
  { id: 'escrow-refundable', label: t`Can be taken out now`, amount: escrow.refundable },
];

function Step(props: { escrow: JobEscrow; job: JobView; actions: MoneyActions; onTaken(): void }) {
  const { escrow, job, actions, onTaken } = props;
  const { step, poster } = escrow;
  const wallets = useWallets(actions);
  const { busy, refusal, act } = useAction();
  // Before the end, what is asked back could be missing for work that is on its way.
  const isEarly = step.type === 'ask' && !isEnded(job.state) && job.state !== 'quoted';
  const button = isEarly ? undefined : nameButton(step.type);
  const take = async () => {
    const taken = await act(() => actions.takeStep({ job: job.id, poster, type: step.type }));
    if (taken !== undefined) onTaken();
  };
  return (
    <div class="stack">
      <p class="soft" data-testid="refund-step" data-step={step.type}>
        {isEarly ? t`What the job does not spend comes back after its end.` : describeStep(step)}
      </p>
      {refusal === undefined ? null : <Refused refusal={refusal} />}
      {button === undefined ? null : wallets.chosen === undefined ? (
        <WalletChooser wallets={wallets} actions={actions} onChosen={() => undefined} />
      ) : (
        <div class="buttons">
          <button
            type="button"
            class="button"
            disabled={busy}
            onClick={take}
            data-testid="take-step"
          >
            {button}
          </button>
        </div>
      )}
    </div>
  );
}
