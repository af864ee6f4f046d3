import { instructionsOf, TAGS } from '#protocol/settlement/instructions.ts';
import { keyOf } from './keys.ts';

const program = keyOf('program');
const make = instructionsOf(program);
const named = <N extends string>(...names: N[]) =>
  Object.fromEntries(names.map((name) => [name, keyOf(name)])) as Record<N, Uint8Array>;

const content = {
  claimRoot: keyOf('claim root'),
  spendRoot: keyOf('spend root'),
  total: 5n,
  claimLeafCount: 6,
  spendLeafCount: 7,
  dataHash: keyOf('data'),
};
const roots = named('config', 'pool', 'set');
const heirs = {
  ...named('challenger', 'treasury'),
  bonds: [keyOf('bond 0'), keyOf('bond 1')],
};
const tokens = named('from', 'to', 'mint');
const proof = Uint8Array.from({ length: 40 }, (_, at) => at);

/** Every instruction once, those that move money in tokens, with all their accounts. */
const made = {
  initConfig: make.initConfig(named('payer', 'admin', 'config'), {
    ...named('guardian', 'treasury', 'clusterTag'),
    feeBps: 500,
    challengeSecs: 1n,
    timelockSecs: 2n,
    graceSecs: 3n,
    deadManSecs: 4n,
    unbondSecs: 5n,
  }),
  newVerifierSet: make.newVerifierSet(named('payer', 'admin', 'config', 'set'), {
    quorum: 2,
    keys: [keyOf('member 0'), keyOf('member 1'), keyOf('member 2')],
  }),
  bond: make.bond(named('verifier', 'config', 'bond'), { lamports: 8n }),
  unbond: make.unbond(named('verifier', 'config', 'bond', 'newest', 'before')),
  createPool: make.createPool(
    { ...named('payer', 'admin', 'config', 'pool'), made: named('vault', 'mint') },
    { periodCap: 9n },
  ),
  openEscrow: make.openEscrow(
    { ...named('payer', 'poster', 'config', 'pool', 'escrow'), made: named('vault', 'mint') },
    { nonce: 10n, deadline: 11n },
  ),
  deposit: make.deposit(
    { ...named('depositor', 'config', 'pool', 'escrow'), tokens },
    { amount: 12n },
  ),
  createPage: make.createPage(named('payer', 'pool', 'page'), { pageNo: 13 }),
  proposeRoot: make.proposeRoot(roots, { period: 14n, content, expiresAt: 15n }),
  attest: make.attest(roots),
  challengeClaim: make.challengeClaim(
    { ...roots, ...heirs },
    {
      index: 16,
      pendingRecipient: keyOf('alice'),
      pendingCumulative: 17n,
      finalRecipient: keyOf('bob'),
      finalCumulative: 18n,
    },
    { pending: proof, final: proof.slice().reverse() },
  ),
  challengeSpend: make.challengeSpend(
    { ...roots, ...heirs, escrow: keyOf('escrow') },
    { recipient: keyOf('alice'), cumulative: 19n },
    proof,
  ),
  challengeDouble: make.challengeDouble(named('config', 'pool', 'challenger', 'treasury', 'bond'), {
    verifier: keyOf('verifier'),
    setId: 20,
    period: 21n,
    attempt: 22n,
    statements: [0, 1].map((at) => ({
      previous: keyOf(`previous ${at}`),
      content: keyOf(`content ${at}`),
      expiresAt: 23n + BigInt(at),
    })),
  }),
  veto: make.veto(named('guardian', 'config', 'pool')),
  finalizeRoot: make.finalizeRoot(named('config', 'pool')),
  pull: make.pull({ ...named('pool', 'escrow'), tokens }, { cumulative: 25n }, proof),
  claim: make.claim(
    { ...named('pool', 'page', 'recipient'), tokens },
    { period: 26n, index: 27, cumulative: 28n, walletBump: 29 },
    proof,
  ),
  requestRefund: make.requestRefund(named('poster', 'config', 'pool', 'escrow')),
  refund: make.refund(
    { ...named('config', 'pool', 'escrow', 'poster'), tokens },
    { walletBump: 30, recipient: keyOf('escrow'), cumulative: 31n },
    proof,
  ),
  closeEscrow: make.closeEscrow(named('poster', 'pool', 'escrow', 'rentPayer', 'vault')),
  closePage: make.closePage(named('pool', 'page', 'rentPayer')),
  pause: make.pause(named('guardian', 'config'), { paused: 1 }),
  retirePool: make.retirePool(named('admin', 'config', 'pool')),
};

export const makeInstructions = () =>
  Object.entries(made).map(([name, { accounts, data }]) => ({
    name,
    tag: TAGS[name as keyof typeof TAGS],
    accounts,
    data,
  }));
