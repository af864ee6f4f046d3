import { describe, expect, it } from 'vitest';
import { PENDING } from '#protocol/settlement/accounts.ts';
import { openSigner, type Signer, SOL } from './support/chain.ts';
import { CHALLENGE_SECS, instructions, must, World } from './support/world.ts';

function open() {
  const world = new World();
  const escrow = world.fundEscrow(10n * SOL);
  const worker = openSigner('worker').key;
  const period = world.period(
    [{ recipient: worker, cumulative: SOL }],
    [{ recipient: escrow, cumulative: SOL }],
  );
  const { config, pool } = world;
  const veto = (by: Signer) =>
    world.chain.send([instructions.veto({ guardian: by.key, config, pool })], [by]).refused;
  return { world, period, veto };
}

describe('veto', () => {
  it('throws a root out; the next needs one signature more, until one is final', () => {
    const { world, period, veto } = open();
    const stale = world.propose(period, world.verifiers);
    must(world.chain.send(world.propose(period)));
    expect(veto(world.guardian)).toBeUndefined();
    expect(world.poolState()).toMatchObject({
      attempt: 1n,
      extraQuorum: 1,
      pending: { state: PENDING.none },
    });
    world.chain.warp(CHALLENGE_SECS);
    expect(world.chain.send([world.finalize()]).refused).toBe('settlement-nothing-pending');
    expect(world.chain.send(stale).refused).toBe('settlement-message-wrong');
    must(world.chain.send(world.propose(period)));
    expect(world.poolState().pending.state).toBe(PENDING.collecting);
    expect(veto(world.admin)).toBeUndefined();
    // Three members; after two vetoes four would be needed, so all are.
    must(world.chain.send(world.propose(period, world.verifiers)));
    expect(world.poolState().pending.state).toBe(PENDING.attested);
    world.chain.warp(CHALLENGE_SECS);
    must(world.chain.send([world.finalize()]));
    expect(world.poolState()).toMatchObject({ extraQuorum: 0, attempt: 2n, period: 1n });
  });

  it('may come as often as it must', () => {
    const { world, period, veto } = open();
    for (let each = 0; each < 20; each += 1) {
      must(world.chain.send(world.propose(period, [world.warpToTurn(0)])));
      expect(veto(world.guardian)).toBeUndefined();
    }
    expect(world.poolState()).toMatchObject({ attempt: 20n, extraQuorum: 16 });
  });

  it("is the guardian's and the admin's, with a signature", () => {
    const { world, period, veto } = open();
    must(world.chain.send(world.propose(period)));
    expect(veto(openSigner('stranger'))).toBe('settlement-not-guardian');
    const made = instructions.veto({
      guardian: world.guardian.key,
      config: world.config,
      pool: world.pool,
    });
    for (const meta of made.accounts) meta.signer = false;
    expect(world.chain.send([made]).refused).toBe('settlement-signature-missing');
  });

  it('needs something to throw out', () => {
    expect(open().veto(open().world.guardian)).toBe('settlement-nothing-pending');
  });
});
