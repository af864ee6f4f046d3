import { describe, expect, it } from 'vitest';
import { PENDING, turnSecs } from '#protocol/settlement/accounts.ts';
import { openSigner, type Signer, SOL } from './support/chain.ts';
import {
  addresses,
  CHALLENGE_SECS,
  GRACE_SECS,
  instructions,
  must,
  SETTINGS,
  TIMELOCK_SECS,
  World,
} from './support/world.ts';

const worker = openSigner('worker').key;

/** A root that one of five has signed; four are needed. */
function open() {
  const world = new World({ verifiers: 5, quorum: 4 });
  const escrow = world.fundEscrow(10n * SOL);
  const period = world.period(
    [{ recipient: worker, cumulative: SOL }],
    [{ recipient: escrow, cumulative: SOL }],
  );
  must(world.chain.send(world.propose(period, [world.warpToTurn(0)])));
  const at = { config: world.config, pool: world.pool, set: world.set };
  const attest = (signers: Signer[], digest = world.poolState().pending.digest) =>
    world.chain.send([world.signatures(digest, signers), instructions.attest(at)]).refused;
  return { world, period, attest, at };
}

describe('attest', () => {
  it('adds signatures until there is a quorum; then the window opens', () => {
    const { world, attest } = open();
    const began = world.chain.now;
    expect(attest(world.verifiers.slice(1, 2))).toBeUndefined();
    expect(world.poolState().pending).toMatchObject({
      state: PENDING.collecting,
      signers: 0b00011,
      challengeEnd: began + turnSecs(SETTINGS) / 2n,
    });
    expect(world.chain.send([world.finalize()]).refused).toBe('settlement-quorum-missing');
    world.chain.warp(100n);
    expect(attest(world.verifiers.slice(3, 5))).toBeUndefined();
    expect(world.poolState().pending).toMatchObject({
      state: PENDING.attested,
      signers: 0b11011,
      challengeEnd: world.chain.now + CHALLENGE_SECS,
    });
    expect(attest(world.verifiers.slice(2, 3))).toBe('settlement-nothing-pending');
  });

  it('refuses who has signed, who is no member, and other messages', () => {
    const { world, attest } = open();
    expect(attest(world.verifiers.slice(0, 2))).toBe('settlement-signer-twice');
    expect(attest([openSigner('stranger')])).toBe('settlement-signer-unknown');
    expect(attest(world.verifiers.slice(1, 2), worker)).toBe('settlement-message-wrong');
  });

  it('refuses when the root has expired, or is not there', () => {
    const { world, attest } = open();
    world.chain.warp(GRACE_SECS + 1n);
    expect(attest(world.verifiers.slice(1, 2))).toBe('settlement-attestation-expired');
    const { guardian, config, pool } = world;
    must(
      world.chain.send([instructions.veto({ guardian: guardian.key, config, pool })], [guardian]),
    );
    expect(attest(world.verifiers.slice(1, 2))).toBe('settlement-nothing-pending');
  });

  it('refuses while paused', () => {
    const { world, attest } = open();
    const at = { guardian: world.guardian.key, config: world.config };
    must(world.chain.send([instructions.pause(at, { paused: 1 })], [world.guardian]));
    expect(attest(world.verifiers.slice(1, 2))).toBe('settlement-paused');
  });

  it('takes the set the root was proposed under, while that serves', () => {
    const { world, period, at } = open();
    const set = addresses.verifierSet(world.config, 2);
    const by = { payer: world.chain.payer.key, admin: world.admin.key, config: world.config, set };
    const keys = world.verifiers.map(({ key }) => key);
    must(world.chain.send([instructions.newVerifierSet(by, { quorum: 4, keys })], [world.admin]));
    const checked = () =>
      world.signatures(world.poolState().pending.digest, world.verifiers.slice(1, 2));
    expect(world.chain.send([checked(), instructions.attest({ ...at, set })]).refused).toBe(
      'settlement-account-unrelated',
    );
    world.chain.warp(TIMELOCK_SECS - 1n);
    must(world.chain.send(world.propose(period, [world.inTurn])));
    world.chain.warp(1n);
    expect(world.chain.send([checked(), instructions.attest(at)]).refused).toBe(
      'settlement-set-inactive',
    );
  });

  it('refuses bytes that follow', () => {
    const { world, at } = open();
    const made = instructions.attest(at);
    const checked = world.signatures(world.poolState().pending.digest, world.verifiers.slice(1, 2));
    expect(
      world.chain.send([checked, { ...made, data: Uint8Array.of(...made.data, 0) }]).refused,
    ).toBe('settlement-malformed');
  });
});
