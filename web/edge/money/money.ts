import { t } from '@lingui/core/macro';
import { readHealth } from '#client/grid.ts';
import { fundJob, linkPayout, noteClosing } from '#client/money.ts';
import { Address, type LeafFileView } from '#protocol/settlement/money-api.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import { attempt, fault, must, type Result } from '#protocol/values/refusal.ts';
import { instant, lamports } from '#protocol/values/units.ts';
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

/** Money as pages use it: chain, wallets and the hub's calls, opened when first needed. */
export type Money = ReturnType<typeof openMoney>;

export function openMoney(origin: string) {
  const wallets = openWallets();
  let site: MoneySite | undefined;

  const atSite = <T>(use: (site: MoneySite) => Promise<T>): Promise<Result<T>> =>
    attempt(async () => {
      site ??= await openSite(await findChain(), origin);
      return use(site);
    });

  const withWallet = <T>(use: (site: MoneySite, wallet: Wallet) => Promise<T>) =>
    atSite(async (site) => {
      const wallet = await wallets.chosen();
      if (wallet === undefined)
        throw fault(
          'wallet-missing',
          t`No wallet can sign here: make one in this browser, or connect the one you have.`,
        );
      return use(site, wallet);
    });

  return {
    findChain: () => attempt(findChain),
    readPay: (device: PublicKey) => atSite((site) => readPay(site, device)),
    linkPayout: (recipient: string) => attempt(() => link(recipient)),
    previewClaim: (claim: Claim) => withWallet((site, wallet) => previewClaim(site, wallet, claim)),
    makeClaim: (claim: Claim) =>
      withWallet(async (site, wallet) => {
        const done = await makeClaim(site, wallet, claim);
        await noteClaim(claim, done.after - done.before);
        return done;
      }),
    ...wallets.actions,
    previewDeposit: (job: JobId, total: bigint) =>
      withWallet((site, wallet) => previewDeposit(site, wallet, { job, total })),
    fundJob: (request: KeyedRequest, total: bigint) =>
      withWallet(async (site, wallet) => {
        const { key, job } = request;
        await deposit(site, wallet, { job, total });
        return must(await fundJob(openHub(key), { job, poster: wallet.address }));
      }),
    readEscrow: (job: JobId, poster: Address) => atSite((site) => readEscrow(site, job, poster)),
    takeStep: (step: { job: JobId; poster: Address; type: RefundStep['type'] }) =>
      withWallet(async (site, wallet) => {
        await takeStep(site, wallet, step);
        // Verifiers settle what is left over before the grace ends, once the hub has seen it.
        if (step.type === 'ask') await noteClosing(openHub(), step.job);
        return true as const;
      }),
    readSettlements: () => atSite(readSettlements),
    recompute: (file: LeafFileView, onProgress: (words: string) => void) =>
      atSite((site) => recomputePeriod(site, file, onProgress)),
  };
}

/** Writes a claim down for the person of this device; it is paid, also where that fails. */
async function noteClaim({ recipient }: Claim, paid: bigint): Promise<void> {
  const amount = lamports(paid > 0n ? paid : 0n);
  const note = { what: 'claimed', at: instant(Date.now()), amount, recipient } as const;
  await askContributorWorker({ type: 'note', note }, (said) =>
    said.type === 'noted' ? said.result : undefined,
  );
}

async function link(recipient: string) {
  const address = decodeWith(Address, recipient.trim(), 'request-invalid');
  if (!address.ok) {
    const message = t`That is no address: 32 bytes in base 58, 32 to 44 letters and digits. Copy it whole from your wallet.`;
    throw fault('request-invalid', message);
  }
  const { hub } = must(await readHealth(openHub()));
  const at = instant(Date.now());
  const ask = { type: 'sign-payout' as const, hub, recipient: address.value, at };
  const request = await askContributorWorker(ask, (said) =>
    said.type === 'payout-signed' ? said.result : undefined,
  );
  return must(await linkPayout(openHub(), must(request)));
}

/** Facts of the hub and figures of the chain; what this browser kept where it is silent. */
async function readPay(site: MoneySite, device: PublicKey) {
  const told = await attempt(() => fetchPay(device));
  const isKept = !told.ok && told.refusal.code === 'download-failed';
  const facts = isKept ? FACTS_NONE : must(told);
  const payouts = payoutsOf(facts, device);
  const claims = await readClaims(
    site,
    isKept
      ? readKept(site).map(({ leaf }) => leaf)
      : payouts.map(({ index, record }) => ({ index, recipient: record.recipient })),
  );
  const through = instant(Date.now());
  const earnings = viewEarnings(facts, { device, claims, through });
  return { chain: site.view, earnings, claims, payouts, kept: isKept };
}

const showWallet = ({ kind, name, address }: Wallet) => ({ kind, name, address });

/** The wallet that signs: one connected on this visit, else this browser's own. */
function openWallets() {
  const watchers = new Set<() => void>();
  const tell = () => {
    for (const watcher of watchers) watcher();
  };
  const installed = openInstalledWallets(tell);
  const store = openWalletStore();
  let connected: Wallet | undefined;
  const chosen = async () => connected ?? (await (await store).read());
  const choose = (find: () => Promise<Wallet>) =>
    attempt(async () => showWallet(await find())).finally(tell);
  const actions = {
    async readWallets() {
      const wallet = await chosen();
      return { chosen: wallet && showWallet(wallet), installed: installed.names() };
    },
    watchWallets(onChange: () => void) {
      watchers.add(onChange);
      return () => void watchers.delete(onChange);
    },
    makeWallet() {
      connected = undefined;
      return choose(async () => (await store).make());
    },
    connectWallet: (name: string) =>
      choose(async () => {
        connected = await installed.connect(name);
        return connected;
      }),
    takeSecret(secret: string) {
      connected = undefined;
      return choose(async () => (await store).take(secret));
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
