import { describe, expect, it } from 'vitest';
import { PENDING, turnSecs } from '#protocol/settlement/accounts.ts';
import {
  attestedBytes,
  checkSignatures,
  hashAttestation,
  hashContent,
  type Place,
} from '#protocol/settlement/attestation.ts';
import type { Instruction } from '#protocol/settlement/transaction.ts';
import { openSigner, type Signer, SOL } from './support/chain.ts';
import {
  addresses,
  CHALLENGE_SECS,
  EPOCH_CAP,
  GRACE_SECS,
  instructions,
  must,
  type Period,
  SETTINGS,
  TIMELOCK_SECS,
  World,
} from './support/world.ts';

const worker = openSigner('worker').key;
const TURN_SECS = turnSecs(SETTINGS);
/** Where the pending root lies in the account of a pool. */
const PENDING_AT = 168;

function open(options = {}) {
  const world = new World(options);
  const escrow = world.fundEscrow(10n * SOL);
  const periodOf = (amount: bigint) =>
    world.period(
      [{ recipient: worker, cumulative: amount }],
      [{ recipient: escrow, cumulative: amount }],
    );
  return { world, escrow, periodOf, period: periodOf(SOL) };
}

interface Change {
  place?: Partial<Place>;
  period?: bigint;
  expiresAt?: bigint;
  signers?: Signer[];
  content?: Partial<Period['content']>;
  /** Signed, but not what the instruction says. */
  signedContent?: Partial<Period['content']>;
}

/** A proposal that differs from the right one, signed as it is. */
function proposal(world: World, { content }: Period, change: Change): Instruction[] {
  const changed = { ...content, ...change.content };
  const place = { ...world.place(), ...change.place };
  const expiresAt = change.expiresAt ?? world.expiresAt;
  const signed = hashContent({ ...changed, ...change.signedContent });
  const digest = hashAttestation(place, signed, expiresAt);
  const at = { config: world.config, pool: world.pool, set: world.set };
  return [
    world.signatures(digest, change.signers ?? world.verifiers.slice(0, 2)),
    instructions.proposeRoot(at, {
      period: change.period ?? place.period,
      content: changed,
      expiresAt,
    }),
  ];
}

describe('propose_root', () => {
  it('opens the challenge window with a quorum', () => {
    const { world, period } = open();
    must(world.chain.send(world.propose(period)));
    const { claimRoot, spendRoot, total, dataHash } = period.content;
    expect(world.poolState().pending).toMatchObject({
      state: PENDING.attested,
      signers: 0b011,
      setId: 1,
      claimRoot,
      spendRoot,
      total,
      dataHash,
      challengeEnd: world.chain.now + CHALLENGE_SECS,
    });
  });

  it('collects where signatures are missing, and gives way to a quorum', () => {
    const { world, period, periodOf } = open();
    const [first, ...others] = world.verifiers as [Signer, ...Signer[]];
    world.warpToTurn(0);
    must(world.chain.send(world.propose(periodOf(2n * SOL), [first])));
    expect(world.poolState().pending.state).toBe(PENDING.collecting);
    expect(world.chain.send(world.propose(period, [first])).refused).toBe(
      'settlement-root-pending',
    );
    must(world.chain.send(world.propose(period, others)));
    expect(world.poolState().pending).toMatchObject({
      state: PENDING.attested,
      total: SOL,
      signers: 0b110,
    });
    expect(world.chain.send(world.propose(periodOf(3n * SOL), world.verifiers)).refused).toBe(
      'settlement-root-pending',
    );
  });

  it('takes the place of one that has expired', () => {
    const { world, period } = open();
    must(world.chain.send(world.propose(period)));
    world.chain.warp(GRACE_SECS);
    expect(world.chain.send(world.propose(period, world.verifiers)).refused).toBe(
      'settlement-root-pending',
    );
    world.chain.warp(1n);
    expect(world.poolState().attempt).toBe(0n);
    const attempt = { place: { attempt: 0n } };
    expect(world.chain.send(proposal(world, period, attempt)).refused).toBe(
      'settlement-message-wrong',
    );
    must(world.chain.send(world.propose(period)));
    expect(world.poolState().attempt).toBe(1n);
  });

  it('begins with fewer than the quorum in the turn of a signer only', () => {
    const { world, period } = open();
    const [first, second] = [world.warpToTurn(0), world.verifiers[1] as Signer];
    expect(world.chain.send(world.propose(period, [second])).refused).toBe(
      'settlement-turn-of-another',
    );
    must(world.chain.send(world.propose(period, [first])));
    expect(world.poolState().pending).toMatchObject({
      state: PENDING.collecting,
      challengeEnd: world.chain.now + TURN_SECS / 2n,
    });
  });

  it('expires after half a turn without a quorum, and the next member may propose', () => {
    const { world, period, periodOf } = open();
    const first = world.warpToTurn(0);
    world.chain.warp(TURN_SECS - 1n);
    must(world.chain.send(world.propose(periodOf(2n * SOL), [first])));
    const second = world.warpToTurn(1);
    expect(world.chain.send(world.propose(period, [second])).refused).toBe(
      'settlement-root-pending',
    );
    world.chain.warp(TURN_SECS / 2n);
    expect(world.chain.send(world.propose(period, [first])).refused).toBe(
      'settlement-turn-of-another',
    );
    must(world.chain.send(world.propose(period, [second])));
    expect(world.poolState()).toMatchObject({ attempt: 1n, pending: { signers: 0b010 } });
  });

  it('comes to a quorum while a minority proposes nonsense whenever it can', () => {
    const { world, period, periodOf } = open({ verifiers: 5, quorum: 3 });
    const [one, two, ...honest] = world.verifiers as [Signer, Signer, ...Signer[]];
    const nonsense = periodOf(2n * SOL);
    const at = { config: world.config, pool: world.pool, set: world.set };
    let proposed = 0;
    world.warpToTurn(0);
    const end = world.chain.now + 5n * TURN_SECS;
    while (world.chain.now < end && world.poolState().pending.state !== PENDING.attested) {
      for (const signers of [[one, two], [one], [two]]) {
        if (world.chain.send(world.propose(nonsense, signers)).refused === undefined) proposed += 1;
      }
      for (const signer of honest) world.chain.send(world.propose(period, [signer]));
      const { pending } = world.poolState();
      if (pending.total === SOL) {
        const others = honest.filter((_, place) => ((pending.signers >> (place + 2)) & 1) === 0);
        world.chain.send([world.signatures(pending.digest, others), instructions.attest(at)]);
      }
      world.chain.warp(TURN_SECS / 8n);
    }
    expect(proposed).toBeGreaterThan(1);
    expect(world.poolState().pending).toMatchObject({ state: PENDING.attested, total: SOL });
    world.chain.warp(CHALLENGE_SECS);
    must(world.chain.send([world.finalize()]));
  });

  it('counts one that began to collect before there were turns as expired', () => {
    const { world, period, periodOf } = open();
    must(world.chain.send(world.propose(periodOf(2n * SOL), [world.warpToTurn(0)])));
    const account = world.chain.account(world.pool);
    if (account === undefined) throw new Error('the pool is there');
    const data = account.data.slice();
    data.fill(0, PENDING_AT + 120, PENDING_AT + 128);
    world.chain.put(world.pool, { ...account, data });
    must(world.chain.send(world.propose(period, [world.verifiers[0] as Signer])));
    expect(world.poolState()).toMatchObject({ attempt: 1n, pending: { total: SOL } });
  });

  it.each<[string, (world: World, period: Period) => Change, string]>([
    [
      'the period after the next',
      () => ({ period: 2n, place: { period: 2n } }),
      'settlement-period-wrong',
    ],
    [
      'another period signed',
      () => ({ place: { period: 2n }, period: 1n }),
      'settlement-message-wrong',
    ],
    ['another cluster', () => ({ place: { clusterTag: worker } }), 'settlement-message-wrong'],
    ['another program', () => ({ place: { program: worker } }), 'settlement-message-wrong'],
    ['another pool', () => ({ place: { pool: worker } }), 'settlement-message-wrong'],
    ['another set', () => ({ place: { setId: 2 } }), 'settlement-message-wrong'],
    ['another attempt', () => ({ place: { attempt: 1n } }), 'settlement-message-wrong'],
    ['another root before', () => ({ place: { previous: worker } }), 'settlement-message-wrong'],
    [
      'another claims root',
      () => ({ signedContent: { claimRoot: worker } }),
      'settlement-message-wrong',
    ],
    [
      'another spends root',
      () => ({ signedContent: { spendRoot: worker } }),
      'settlement-message-wrong',
    ],
    ['another total', () => ({ signedContent: { total: 1n } }), 'settlement-message-wrong'],
    ['other counts', () => ({ signedContent: { claimLeafCount: 2 } }), 'settlement-message-wrong'],
    [
      'other spend counts',
      () => ({ signedContent: { spendLeafCount: 0 } }),
      'settlement-message-wrong',
    ],
    ['other data', () => ({ signedContent: { dataHash: worker } }), 'settlement-message-wrong'],
    ['more than the cap', () => ({ content: { total: EPOCH_CAP + 1n } }), 'settlement-period-cap'],
    [
      'escrows that are not there',
      () => ({ content: { spendLeafCount: 2 } }),
      'settlement-index-range',
    ],
    [
      'an expiry in the past',
      (world) => ({ expiresAt: world.chain.now - 1n }),
      'settlement-attestation-expired',
    ],
    [
      'an expiry in the past, with few signatures',
      (world) => ({ expiresAt: world.chain.now - 1n, signers: world.verifiers.slice(0, 1) }),
      'settlement-attestation-expired',
    ],
    [
      'an expiry within the window',
      (world) => ({ expiresAt: world.chain.now + CHALLENGE_SECS - 1n }),
      'settlement-attestation-expired',
    ],
    [
      'an expiry beyond grace',
      (world) => ({ expiresAt: world.expiresAt + 1n }),
      'settlement-expiry-far',
    ],
    [
      'a signer of no set',
      (world) => ({ signers: [...world.verifiers.slice(0, 1), openSigner('stranger')] }),
      'settlement-signer-unknown',
    ],
    [
      'a signer twice',
      (world) => ({ signers: [...world.verifiers.slice(0, 1), ...world.verifiers.slice(0, 1)] }),
      'settlement-signer-twice',
    ],
  ])('refuses %s', (_, change, refused) => {
    const { world, period } = open();
    expect(world.chain.send(proposal(world, period, change(world, period))).refused).toBe(refused);
  });

  it('takes a cap and an expiry to the last unit', () => {
    const { world, period } = open();
    const expiresAt = world.chain.now + CHALLENGE_SECS;
    must(world.chain.send(proposal(world, period, { content: { total: EPOCH_CAP }, expiresAt })));
  });

  it('refuses totals and counts that fall', () => {
    const { world, period, periodOf } = open();
    world.settle(period);
    const refusedWith = (content: Change['content']) =>
      world.chain.send(proposal(world, periodOf(SOL), content === undefined ? {} : { content }))
        .refused;
    expect(refusedWith({ total: SOL - 1n })).toBe('settlement-total-falls');
    expect(refusedWith({ claimLeafCount: 0 })).toBe('settlement-total-falls');
    expect(refusedWith({ spendLeafCount: 0 })).toBe('settlement-total-falls');
    expect(refusedWith({})).toBeUndefined();
  });

  it('refuses while paused and in a retired pool', () => {
    const { world, period } = open();
    const at = { guardian: world.guardian.key, config: world.config };
    must(world.chain.send([instructions.pause(at, { paused: 1 })], [world.guardian]));
    expect(world.chain.send(world.propose(period)).refused).toBe('settlement-paused');
    const { admin, config, pool } = world;
    must(
      world.chain.send(
        [instructions.pause({ ...at, guardian: admin.key }, { paused: 0 })],
        [admin],
      ),
    );
    must(world.chain.send([instructions.retirePool({ admin: admin.key, config, pool })], [admin]));
    expect(world.chain.send(world.propose(period)).refused).toBe('settlement-pool-retired');
  });

  it('takes the old set until the timelock of the new one is over', () => {
    const { world, period, periodOf } = open();
    const set = addresses.verifierSet(world.config, 2);
    const at = { payer: world.chain.payer.key, admin: world.admin.key, config: world.config, set };
    const keys = world.verifiers.map(({ key }) => key);
    must(world.chain.send([instructions.newVerifierSet(at, { quorum: 2, keys })], [world.admin]));
    const roots = { config: world.config, pool: world.pool, set };
    const by2 = (of: Period) => {
      const place = world.place(2);
      const expiresAt = world.expiresAt;
      const digest = hashAttestation(place, hashContent(of.content), expiresAt);
      return [
        world.signatures(digest, world.verifiers),
        instructions.proposeRoot(roots, { period: place.period, content: of.content, expiresAt }),
      ];
    };
    expect(world.chain.send(by2(period)).refused).toBe('settlement-set-inactive');
    world.settle(period);
    world.chain.warp(TIMELOCK_SECS);
    expect(world.chain.send(world.propose(periodOf(2n * SOL))).refused).toBe(
      'settlement-set-inactive',
    );
    must(world.chain.send(by2(periodOf(2n * SOL))));
  });
});

describe('signatures before propose_root', () => {
  it('have to be just before it, by the precompile', () => {
    const { world, period } = open();
    const [checked, proposed] = world.propose(period) as [Instruction, Instruction];
    expect(world.chain.send([proposed]).refused).toBe('settlement-precompile-missing');
    expect(world.chain.send([proposed, checked]).refused).toBe('settlement-precompile-missing');
    expect(world.chain.send([checked, world.createPage(), proposed]).refused).toBe(
      'settlement-precompile-missing',
    );
    must(world.chain.send([world.createPage(), checked, proposed]));
  });

  it('are read from the sysvar alone', () => {
    const { world, period } = open();
    const [checked, proposed] = world.propose(period) as [Instruction, Instruction];
    const forged = openSigner('a forged sysvar').key;
    world.chain.put(forged, { lamports: SOL, owner: worker, data: new Uint8Array(600) });
    const accounts = proposed.accounts.map((meta, at) =>
      at === 3 ? { ...meta, key: forged } : meta,
    );
    expect(world.chain.send([checked, { ...proposed, accounts }]).refused).toBe(
      'settlement-address-wrong',
    );
  });

  it('name bytes of their own instruction only, in the one form', () => {
    const { world, period } = open();
    const [checked, proposed] = world.propose(period) as [Instruction, Instruction];
    // Key, signature and message of the first signer, by way of the instruction's own number.
    for (const field of [4, 8, 14]) {
      const data = checked.data.slice();
      new DataView(data.buffer).setUint16(field, 0, true);
      expect(world.chain.send([{ ...checked, data }, proposed]).refused).toBe(
        'settlement-precompile-layout',
      );
    }
    // A second signer that points at the first one's key and signature.
    const data = checked.data.slice();
    data.copyWithin(16, 2, 16);
    expect(world.chain.send([{ ...checked, data }, proposed]).refused).toBe(
      'settlement-precompile-layout',
    );
    // The chain does not look at the second byte.
    const odd = checked.data.slice();
    odd[1] = 1;
    expect(world.chain.send([{ ...checked, data: odd }, proposed]).refused).toBe(
      'settlement-precompile-layout',
    );
    const longer = Uint8Array.of(...checked.data, 0);
    expect(world.chain.send([{ ...checked, data: longer }, proposed]).refused).toBe(
      'settlement-precompile-layout',
    );
  });

  it('are of a message that begins as ours do', () => {
    const { world, period } = open();
    const proposed = world.propose(period)[1] as Instruction;
    const digest = hashAttestation(world.place(), hashContent(period.content), world.expiresAt);
    const message = attestedBytes(digest);
    message[0] = (message[0] ?? 0) ^ 1;
    const signatures = world.verifiers
      .slice(0, 2)
      .map((signer) => ({ key: signer.key, signature: signer.sign(message) }));
    expect(world.chain.send([checkSignatures(message, signatures), proposed]).refused).toBe(
      'settlement-message-wrong',
    );
  });

  it('fail the transaction when one is wrong', () => {
    const { world, period } = open();
    const [checked, proposed] = world.propose(period) as [Instruction, Instruction];
    const data = checked.data.slice();
    data[70] = (data[70] ?? 0) ^ 1;
    expect(world.chain.send([{ ...checked, data }, proposed]).refused).toBeDefined();
    expect(world.poolState().pending.state).toBe(PENDING.none);
  });
});
