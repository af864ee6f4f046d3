import type { JobView } from '#protocol/api/job.ts';
import type {
  Address,
  ChainView,
  LeafFileView,
  PayoutView,
} from '#protocol/settlement/money-api.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import type { Result } from '#protocol/values/refusal.ts';
import type { ClaimDone, ClaimPlan } from '../../core/money/claim-plan.ts';
import type { Claim, Earnings } from '../../core/money/earnings.ts';
import type { DepositPlan, JobEscrow, RefundStep } from '../../core/money/escrow.ts';
import type { RecomputeDone, Settlements } from '../../core/money/recompute.ts';

/** Whose keys can sign: this browser's, or those of a wallet that is installed. */
export interface WalletChoice {
  kind: 'here' | 'installed';
  name: string;
  address: Address;
}

export interface WalletState {
  /** The one that signs now. */
  chosen: WalletChoice | undefined;
  /** Wallets that have announced themselves, by name. */
  installed: readonly string[];
}

/** All that is known about the pay of this device. */
export interface PayReading {
  chain: ChainView;
  earnings: Earnings;
  claims: readonly Claim[];
  /** Newest last. */
  payouts: readonly PayoutView[];
  /** The hub is silent: what this browser has kept is shown. */
  kept: boolean;
}

/** Everything about money that pages ask of the world. */
export interface MoneyActions {
  /** `chain-missing` where this grid pays nothing. */
  findChain(): Promise<Result<ChainView>>;
  readPay(device: PublicKey): Promise<Result<PayReading>>;
  linkPayout(recipient: string): Promise<Result<PayoutView>>;
  previewClaim(claim: Claim): Promise<Result<ClaimPlan>>;
  makeClaim(claim: Claim): Promise<Result<ClaimDone>>;

  readWallets(): Promise<WalletState>;
  /** Calls whenever a wallet comes or goes. */
  watchWallets(onChange: () => void): () => void;
  makeWallet(): Promise<Result<WalletChoice>>;
  connectWallet(name: string): Promise<Result<WalletChoice>>;
  takeSecret(secret: string): Promise<Result<WalletChoice>>;
  revealSecret(): Promise<string | undefined>;
  forgetWallet(): Promise<void>;

  previewDeposit(job: JobId, total: bigint): Promise<Result<DepositPlan>>;
  /** Pays in what is missing and tells the hub, which looks for itself. */
  fundJob(request: { key: string; job: JobId }, total: bigint): Promise<Result<JobView>>;
  /** Undefined once the escrow is closed. */
  readEscrow(job: JobId, poster: Address): Promise<Result<JobEscrow | undefined>>;
  takeStep(step: { job: JobId; poster: Address; type: RefundStep['type'] }): Promise<Result<true>>;

  /** Tells a screen reader something worth knowing. */
  say(text: string): void;

  readSettlements(): Promise<Result<Settlements>>;
  recompute(
    file: LeafFileView,
    onProgress: (words: string) => void,
  ): Promise<Result<RecomputeDone>>;
}
