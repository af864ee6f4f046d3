import {
  Bond,
  Config,
  Escrow,
  PAGE_SLOTS,
  Page,
  PENDING,
  Pool,
  ROOTS,
  VERSION,
  VerifierSet,
} from '#protocol/settlement/accounts.ts';
import { encode } from '#protocol/settlement/layout.ts';
import { keyOf } from './keys.ts';

const head = (kind: number) => ({ kind, version: VERSION, bump: 255 - kind });

const config = {
  ...head(1),
  paused: 1,
  feeBps: 0x0304,
  admin: keyOf('admin'),
  guardian: keyOf('guardian'),
  treasury: keyOf('treasury'),
  clusterTag: keyOf('cluster'),
  challengeSecs: 600n,
  timelockSecs: 86_400n,
  graceSecs: 7_200n,
  deadManSecs: 1_209_600n,
  unbondSecs: 20_000n,
  setActiveAt: 1_800_000_000n,
  setId: 5,
  previousSetId: 4,
};

const set = {
  ...head(2),
  quorum: 9,
  members: 16,
  config: keyOf('config'),
  setId: 0x01020304,
  keys: Array.from({ length: 16 }, (_, at) => keyOf(`member ${at}`)),
};

const bond = {
  ...head(3),
  config: keyOf('config'),
  verifier: keyOf('verifier'),
  amount: 10_000_000_007n,
  unlockAt: 1_800_000_001n,
};

const pool = {
  ...head(4),
  vaultBump: 17,
  decimals: 6,
  retired: 1,
  extraQuorum: 2,
  config: keyOf('config'),
  mint: keyOf('mint'),
  period: 11n,
  attempt: 12n,
  finalizedAt: 13n,
  periodCap: 14n,
  total: 15n,
  pulledTotal: 16n,
  claimedTotal: 17n,
  spendRoot: keyOf('spend root'),
  spendLeafCount: 18,
  escrowCount: 19,
  pending: {
    state: PENDING.attested,
    signers: 0b1000_0000_0000_0011,
    setId: 20,
    claimRoot: keyOf('pending claim root'),
    spendRoot: keyOf('pending spend root'),
    dataHash: keyOf('pending data'),
    total: 21n,
    claimLeafCount: 22,
    spendLeafCount: 23,
    challengeEnd: 24n,
    expiresAt: 25n,
    digest: keyOf('digest'),
  },
  roots: Array.from({ length: ROOTS }, (_, at) => ({
    period: 100n + BigInt(at),
    total: 200n + BigInt(at),
    claimRoot: keyOf(`claim root ${at}`),
    dataHash: keyOf(`data ${at}`),
    leafCount: 300 + at,
  })),
};

const escrow = {
  ...head(5),
  vaultBump: 18,
  index: 0x0a0b0c0d,
  pool: keyOf('pool'),
  poster: keyOf('poster'),
  rentPayer: keyOf('rent payer'),
  nonce: 2n ** 63n,
  deposited: 31n,
  pulled: 32n,
  refunded: 33n,
  refundFrom: 34n,
  requested: 35n,
};

const page = {
  ...head(6),
  pageNo: 36,
  pool: keyOf('pool'),
  rentPayer: keyOf('rent payer'),
  claimed: Array.from({ length: PAGE_SLOTS }, (_, at) => BigInt(at) << 32n),
};

/** One account of each type, no two neighbouring fields alike, and its bytes. */
export const makeAccounts = () => ({
  config: { fields: config, data: encode(Config, config) },
  verifierSet: { fields: set, data: encode(VerifierSet, set) },
  bond: { fields: bond, data: encode(Bond, bond) },
  pool: { fields: pool, data: encode(Pool, pool) },
  escrow: { fields: escrow, data: encode(Escrow, escrow) },
  // Slot i holds i * 2^32.
  page: { fields: { ...page, claimed: undefined }, data: encode(Page, page) },
});
