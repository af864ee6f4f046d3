import { fundJob, linkPayout, noteClosing } from '#client/money.ts';
import type { JobView } from '#protocol/api/job.ts';
import { Address, type LeafFileView } from '#protocol/settlement/money-api.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import { instant } from '#protocol/values/units.ts';
import { type Claim, viewEarnings } from '../../core/money/earnings.ts';
import type { RefundStep } from '../../core/money/escrow.ts';
import { FACTS_NONE, payoutsOf } from '../../core/money/facts.ts';
import { askContributorWorker } from '../contribute/contributor-worker.ts';
import { type KeyedRequest, openHub } from '../hub.ts';
import { openWalletStore } from './browser-wallet.ts';
import { makeClaim, previewClaim, readClaims, readKept } from './claims.ts';
import { deposit, previewDeposit, readEscrow, takeStep } from './escrows.ts';
import { fetchPay } from './hub-facts.ts';
import { openInstalledWallets } from './installed-wallets.ts';
import { readSettlements, recomputePeriod } from './settlements.ts';
import { findChain, type MoneySite, openSite } from './site.ts';
import type { Wallet } from './wallet.ts';

/**
 * Money as pages use it: the chain, the wallets and the hub's calls, opened when they are first
 * needed.
 */
export type Money = ReturnType<typeof openMoney>;

export function openMoney(origin: string) {
  const wallets = openWallets();
  let site: MoneySite | undefined;

  async function atSite<T>(use: (site: MoneySite) => Promise<Result<T>>): Promise<Result<T>> {
    if (site !== undefined) return use(site);
    const view = await findChain();
    if (!view.ok) return view;
    const opened = await openSite(view.value, origin);
    if (!opened.ok) return opened;
    site = opened.value;
    return use(opened.value);
  }

  const withWallet = <T>(
    use: (site: MoneySite, wallet: Wallet) => Promise<Result<T>>,
  ): Promise<Result<T>> =>
    atSite(async (site) => {
      const wallet = await wallets.chosen();
      return wallet === undefined ? noWallet() : use(site, wallet);
    });

  return {
    findChain,
    readPay: (device: PublicKey) => atSite((site) => readPay(site, device)),
    linkPayout: link,
    previewClaim: (claim: Claim) => withWallet((site, wallet) => previewClaim(site, wallet, claim)),
    makeClaim: (claim: Claim) => withWallet((site, wallet) => makeClaim(site, wallet, claim)),
    ...wallets.actions,
    previewDeposit: (job: JobId, total: bigint) =>
      withWallet((site, wallet) => previewDeposit(site, wallet, { job, total })),
    fundJob: (request: KeyedRequest, total: bigint) =>
      withWallet(async (site, wallet): Promise<Result<JobView>> => {
        const paid = await deposit(site, wallet, { job: request.job, total });
        const { key, job } = request;
        return paid.ok ? fundJob(openHub(key), { job, poster: wallet.address }) : paid;
      }),
    readEscrow: (job: JobId, poster: Address) => atSite((site) => readEscrow(site, job, poster)),
    takeStep: (step: { job: JobId; poster: Address; type: RefundStep['type'] }) =>
      withWallet(async (site, wallet) => {
        const taken = await takeStep(site, wallet, step);
        // Verifiers settle what is left over before the grace ends, once the hub has seen it.
        if (taken.ok && step.type === 'ask') await noteClosing(openHub(), step.job);
        return taken;
      }),
    readSettlements: () => atSite(readSettlements),
    recompute: (file: LeafFileView, onProgress: (words: string) => void) =>
      atSite((site) => recomputePeriod(site, file, onProgress)),
  };
}

async function link(recipient: string) {
  const address = decodeWith(Address, recipient.trim(), 'request-invalid');
  if (!address.ok) {
    const message =
      'That is no address: 32 bytes in base 58, 32 to 44 letters and digits. Copy it whole from your wallet.';
    return refuse('request-invalid', message);
  }
  const ask = { type: 'sign-payout' as const, recipient: address.value, at: instant(Date.now()) };
  const request = await askContributorWorker(ask, (said) =>
    said.type === 'payout-signed' ? said.result : undefined,
  );
  return request.ok ? linkPayout(openHub(), request.value) : request;
}

/**
 * Facts of the hub and figures of the chain; where the hub is silent, what this browser has kept.
 */
async function readPay(site: MoneySite, device: PublicKey) {
  const told = await fetchPay(device);
  if (!told.ok && told.refusal.code !== 'download-failed') return told;
  const facts = told.ok ? told.value : FACTS_NONE;
  const payouts = payoutsOf(facts, device);
  const claims = await readClaims(
    site,
    told.ok
      ? payouts.map(({ index, record }) => ({ index, recipient: record.recipient }))
      : readKept(site).map(({ leaf }) => leaf),
  );
  if (!claims.ok) return claims;
  const through = instant(Date.now());
  const earnings = viewEarnings(facts, { device, claims: claims.value, through });
  return accept({ chain: site.view, earnings, claims: claims.value, payouts, kept: !told.ok });
}

const noWallet = (): Result<never> =>
  refuse(
    'wallet-missing',
    'No wallet can sign here: make one in this browser, or connect the one you have.',
  );

const showWallet = ({ kind, name, address }: Wallet) => ({ kind, name, address });

/**
 * The wallet that signs: an installed one that was connected on this visit, else this browser's
 * own.
 */
function openWallets() {
  const watchers = new Set<() => void>();
  const tell = () => {
    for (const watcher of watchers) watcher();
  };
  const installed = openInstalledWallets(tell);
  const store = openWalletStore();
  let connected: Wallet | undefined;
  const chosen = async () => connected ?? (await (await store).read());
  const choose = (found: Result<Wallet>) => {
    tell();
    return found.ok ? accept(showWallet(found.value)) : found;
  };
  const actions = {
    async readWallets() {
      const wallet = await chosen();
      return { chosen: wallet && showWallet(wallet), installed: installed.names() };
    },
    watchWallets(onChange: () => void) {
      watchers.add(onChange);
      return () => void watchers.delete(onChange);
    },
    async makeWallet() {
      connected = undefined;
      return choose(await (await store).make());
    },
    async connectWallet(name: string) {
      const found = await installed.connect(name);
      if (found.ok) connected = found.value;
      return choose(found);
    },
    async takeSecret(secret: string) {
      connected = undefined;
      return choose(await (await store).take(secret));
    },
    revealSecret: async () => (await (await store).read())?.reveal(),
    async forgetWallet() {
      if (connected === undefined) await (await store).forget();
      connected = undefined;
      tell();
    },
  };
  return { chosen, actions };
}
