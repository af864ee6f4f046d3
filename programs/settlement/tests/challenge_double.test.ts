import { describe, expect, it } from 'vitest';
import { PENDING } from '#protocol/settlement/accounts.ts';
import { hashAttestation, hashContent, type Place } from '#protocol/settlement/attestation.ts';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import { openSigner, type Signer, SOL } from './support/chain.ts';
import { instructions, KINDS, must, SETTINGS, World, type WorldOptions } from './support/world.ts';

const worker = openSigner('worker').key;
const challenger = openSigner('challenger').key;
const BOND = 3n * SOL + 1n;

interface Statement {
  total: bigint;
  expiresAt?: bigint;
  place?: Partial<Place>;
  signers?: Signer[];
}
interface Change {
  verifier?: Uint8Array;
  bond?: Uint8Array;
  treasury?: Uint8Array;
  challenger?: Uint8Array;
  config?: Uint8Array;
  period?: bigint;
}

function open(options: WorldOptions = {}) {
  const world = new World(options);
  world.putBonds(BOND);
  world.chain.fund(challenger, SOL);
  const escrow = world.fundEscrow(50n * SOL);
  const periodOf = (cumulative: bigint) =>
    world.period([{ recipient: worker, cumulative }], [{ recipient: escrow, cumulative }]);
  const verifier = world.verifiers[0] as Signer;
  const digestOf = ({ total, expiresAt = world.expiresAt, place }: Statement) =>
    hashAttestation(
      { ...world.place(), ...place },
      hashContent(periodOf(total).content),
      expiresAt,
    );
  /** The chain's check of the second statement, of the first, and the challenge. */
  const challenge = (statements: [Statement, Statement], change: Change = {}): Instruction[] => {
    const { setId, period, attempt, previous } = world.place();
    const [first, second] = statements;
    return [
      world.signatures(digestOf(second), second.signers ?? [verifier]),
      world.signatures(digestOf(first), first.signers ?? [verifier]),
      instructions.challengeDouble(
        {
          config: change.config ?? world.config,
          pool: world.pool,
          challenger: change.challenger ?? challenger,
          treasury: change.treasury ?? SETTINGS.treasury,
          bond: change.bond ?? world.bond(verifier),
        },
        {
          verifier: change.verifier ?? verifier.key,
          setId,
          period: change.period ?? period,
          attempt,
          statements: statements.map(({ total, expiresAt = world.expiresAt, place }) => ({
            previous: place?.previous ?? previous,
            content: hashContent(periodOf(total).content),
            expiresAt,
          })),
        },
      ),
    ];
  };
  const refusal = (made: Instruction[]) => world.chain.send(made).refused;
  return { world, verifier, periodOf, challenge, refusal };
}

const TWO: [Statement, Statement] = [{ total: SOL }, { total: 2n * SOL }];

describe.each(KINDS)('challenge_double, %o', (kind) => {
  it('takes the bond of who signed two contents for one attempt; a pending root stands', () => {
    const { world, verifier, periodOf, challenge, refusal } = open(kind);
    must(world.chain.send(world.propose(periodOf(SOL))));
    const rent = world.chain.lamports(world.bond(verifier)) - BOND;
    expect(refusal(challenge(TWO))).toBeUndefined();
    expect(world.verifiers.map((each) => world.bondState(each).amount)).toEqual([0n, BOND, BOND]);
    expect(world.chain.lamports(world.bond(verifier))).toBe(rent);
    expect(world.chain.lamports(challenger)).toBe(SOL + BOND / 2n);
    expect(world.chain.lamports(SETTINGS.treasury)).toBe(SOL + BOND - BOND / 2n);
    expect(world.poolState()).toMatchObject({ attempt: 0n, pending: { state: PENDING.attested } });
  });
});

describe('challenge_double', () => {
  it('also meets two contents on top of two roots', () => {
    const { challenge, refusal } = open();
    const forked: [Statement, Statement] = [
      { total: SOL },
      { total: 2n * SOL, place: { previous: worker } },
    ];
    expect(refusal(challenge(forked))).toBeUndefined();
  });

  it('shows nothing when the same was signed again with another expiry', () => {
    const { world, challenge, refusal } = open();
    const again: [Statement, Statement] = [
      { total: SOL },
      { total: SOL, expiresAt: world.expiresAt + 60n },
    ];
    expect(refusal(challenge(again))).toBe('settlement-no-fraud');
  });

  it('shows nothing when the two are of different attempts, periods, sets or pools', () => {
    const { challenge, refusal } = open();
    for (const place of [
      { attempt: 1n },
      { period: 2n },
      { setId: 2 },
      { pool: worker },
      { clusterTag: worker },
      { program: worker },
    ]) {
      expect(refusal(challenge([{ total: SOL }, { total: 2n * SOL, place }]))).toBe(
        'settlement-message-wrong',
      );
    }
    expect(refusal(challenge(TWO, { period: 2n }))).toBe('settlement-message-wrong');
  });

  it('takes signatures of this verifier alone, each checked by the chain', () => {
    const { world, verifier, challenge, refusal } = open();
    const other = world.verifiers[1] as Signer;
    for (const statements of [
      [{ total: SOL, signers: [other] }, { total: 2n * SOL }],
      [{ total: SOL }, { total: 2n * SOL, signers: [other] }],
      [{ total: SOL, signers: [verifier, other] }, { total: 2n * SOL }],
    ] as [Statement, Statement][]) {
      expect(refusal(challenge(statements))).toBe('settlement-signer-unknown');
    }
    const [second, first, made] = challenge(TWO) as [Instruction, Instruction, Instruction];
    expect(refusal([first, made])).toBe('settlement-precompile-missing');
    expect(refusal([first, first, made])).toBe('settlement-message-wrong');
    expect(refusal([first, second, made])).toBe('settlement-message-wrong');
    expect(refusal([second, first, world.createPage(), made])).toBe(
      'settlement-precompile-missing',
    );
    expect(refusal([second, first, { ...made, data: Uint8Array.of(...made.data, 0) }])).toBe(
      'settlement-malformed',
    );
    expect(refusal([second, first, { ...made, accounts: made.accounts.slice(1) }])).toBe(
      'settlement-accounts-missing',
    );
    expect(refusal([second, first, made])).toBeUndefined();
  });

  it("takes this verifier's bond under this config, for its treasury", () => {
    const { world, verifier, challenge, refusal } = open();
    const other = world.verifiers[1] as Signer;
    expect(refusal(challenge(TWO, { bond: world.bond(other) }))).toBe('settlement-bonds-missing');
    expect(refusal(challenge(TWO, { verifier: other.key }))).toBe('settlement-signer-unknown');
    expect(refusal(challenge(TWO, { treasury: challenger }))).toBe('settlement-recipient-wrong');
    const beside = new World({ beside: world });
    beside.putBonds(SOL);
    const bond = beside.bond(verifier);
    for (const change of [{ config: beside.config }, { bond }, { config: beside.config, bond }])
      expect(refusal(challenge(TWO, change))).toBe('settlement-account-unrelated');
    expect(refusal(challenge(TWO, { challenger: world.bond(verifier) }))).toBe(
      'settlement-recipient-wrong',
    );
    expect(world.bondState(other).amount).toBe(BOND);
  });
});
