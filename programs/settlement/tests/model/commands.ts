import fc from 'fast-check';
import type { Aim } from './attempt.ts';
import { challengeClaim, challengeDouble, challengeSpend } from './challenges.ts';
import {
  closeEscrow,
  closePage,
  createPage,
  deposit,
  openEscrow,
  refund,
  requestRefund,
} from './escrows.ts';
import { claim, pull } from './payments.ts';
import { attest, finalizeRoot, proposeRoot, veto } from './roots.ts';
import { bond, gift, newVerifierSet, pause, retirePool, unbond } from './setup.ts';

/** How often each comes, against the others. */
const WEIGHTS = {
  openEscrow: 6,
  deposit: 14,
  createPage: 3,
  proposeRoot: 16,
  attest: 9,
  challengeClaim: 7,
  challengeSpend: 7,
  challengeDouble: 2,
  veto: 1,
  finalizeRoot: 10,
  pull: 12,
  claim: 20,
  requestRefund: 2,
  refund: 5,
  closeEscrow: 3,
  bond: 4,
  unbond: 2,
  newVerifierSet: 1,
  pause: 2,
  retirePool: 1,
  closePage: 1,
  gift: 2,
};

export const AIMS: Record<keyof typeof WEIGHTS, Aim> = {
  openEscrow,
  deposit,
  createPage,
  proposeRoot,
  attest,
  challengeClaim,
  challengeSpend,
  challengeDouble,
  veto,
  finalizeRoot,
  pull,
  claim,
  requestRefund,
  refund,
  closeEscrow,
  closePage,
  bond,
  unbond,
  newVerifierSet,
  pause,
  retirePool,
  gift,
};

/** What to do, and a number that all its choices follow from. */
export interface Command {
  type: keyof typeof WEIGHTS;
  roll: number;
}

/** Commands of one transaction, or seconds that pass. */
export type Step = readonly Command[] | { wait: bigint };

const HOUR = 3_600n;
const DAY = 24n * HOUR;
const WAITS = [1n, 60n, 599n, 600n, 600n, 600n, 600n, 600n, 601n, 2n * HOUR, 6n * HOUR, DAY];

const roll = fc.noShrink(fc.integer({ min: 0, max: 2 ** 32 - 1 }));
const among = (weights: Partial<typeof WEIGHTS>): fc.Arbitrary<Command> =>
  fc.record({
    type: fc.oneof(
      ...Object.entries(weights).map(([type, weight]) => ({
        weight,
        arbitrary: fc.constant(type as Command['type']),
      })),
    ),
    roll,
  });
const one = (type: Command['type']): fc.Arbitrary<Step> => fc.tuple(among({ [type]: 1 }));
const wait = (secs: fc.Arbitrary<bigint>): fc.Arbitrary<Step> => fc.record({ wait: secs });
const command = among(WEIGHTS);

/** Chance alone would seldom bring a root from its proposal to what is paid by it. */
const settle: fc.Arbitrary<Step[]> = fc.tuple(
  one('proposeRoot'),
  wait(fc.constant(600n)),
  one('finalizeRoot'),
  one('pull'),
  one('pull'),
  one('claim'),
  one('claim'),
);

/** The same for what is held against a root. */
const doubt = among({ challengeClaim: 5, challengeSpend: 3, attest: 4, veto: 1 });
const contest: fc.Arbitrary<Step[]> = fc
  .tuple(one('proposeRoot'), fc.array(fc.tuple(doubt), { minLength: 2, maxLength: 5 }))
  .map(([proposed, doubts]) => [proposed, ...doubts]);

/** What is closed is gone, also for those who come later in the same transaction. */
const reopen: fc.Arbitrary<Step[]> = fc.tuple(
  fc.tuple(
    among({ closeEscrow: 1 }),
    among({ openEscrow: 2, unbond: 1, bond: 1 }),
    among({ deposit: 1, closeEscrow: 1, refund: 1 }),
  ),
);

/** Posters who leave, soon after something became final, before it is pulled or after. */
const leave: fc.Arbitrary<Step[]> = fc.tuple(
  one('proposeRoot'),
  one('requestRefund'),
  one('requestRefund'),
  wait(fc.constant(600n)),
  one('finalizeRoot'),
  wait(fc.constantFrom(2n * HOUR, 2n * HOUR, 6_600n)),
  one('refund'),
  one('refund'),
  one('refund'),
  one('pull'),
  one('closeEscrow'),
);

/** More roots than stay claimable. */
const age: fc.Arbitrary<Step[]> = fc
  .array(fc.tuple(one('proposeRoot'), wait(fc.constant(600n)), one('finalizeRoot')), {
    minLength: 8,
    maxLength: 14,
    size: 'max',
  })
  .map((periods) => periods.flat());

const end: fc.Arbitrary<Step[]> = fc.tuple(one('retirePool'), one('closePage'), one('closePage'));

/** So that there is something to do wrong. */
const furnish = fc.array(fc.tuple(among({ openEscrow: 3, deposit: 3, createPage: 2, bond: 3 })), {
  minLength: 6,
  maxLength: 20,
  size: 'max',
});

const some: fc.Arbitrary<Step[]> = fc.oneof(
  { weight: 70, arbitrary: fc.tuple(fc.tuple(command)) },
  { weight: 8, arbitrary: fc.tuple(fc.array(command, { minLength: 2, maxLength: 3 })) },
  { weight: 12, arbitrary: fc.tuple(wait(fc.constantFrom(...WAITS))) },
  { weight: 1, arbitrary: fc.tuple(wait(fc.constant(15n * DAY))) },
  { weight: 9, arbitrary: settle },
  { weight: 6, arbitrary: contest },
  { weight: 3, arbitrary: reopen },
  { weight: 5, arbitrary: leave },
  { weight: 1, arbitrary: age },
);

/** One life of a pool. */
export interface Life {
  /**
   * Whether verifiers sign, now and then, what cannot be. Where none does, more comes to be paid.
   */
  cheats: boolean;
  steps: readonly Step[];
}

export const life: fc.Arbitrary<Life> = fc.record({
  cheats: fc.boolean(),
  steps: fc
    .tuple(furnish, fc.array(some, { maxLength: 120, size: 'max' }), fc.option(end))
    .map(([first, then, last]) => [...first, ...then.flat(), ...(last ?? [])]),
});
