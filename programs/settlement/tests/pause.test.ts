import { describe, expect, it } from 'vitest';
import { openSigner, type Signer } from './support/chain.ts';
import { instructions, World } from './support/world.ts';

describe('pause', () => {
  it("may be the guardian's, but only the admin goes on", () => {
    const world = new World();
    const set = (by: Signer, paused: number) =>
      world.chain.send(
        [instructions.pause({ guardian: by.key, config: world.config }, { paused })],
        [by],
      ).refused;
    expect(set(openSigner('stranger'), 1)).toBe('settlement-not-guardian');
    expect(set(world.guardian, 1)).toBeUndefined();
    expect(world.configState().paused).toBe(1);
    expect(set(world.guardian, 0)).toBe('settlement-not-guardian');
    expect(set(world.admin, 0)).toBeUndefined();
    expect(world.configState().paused).toBe(0);
    expect(set(world.admin, 1)).toBeUndefined();
    expect(set(world.admin, 2)).toBe('settlement-malformed');
  });

  it('needs a signature', () => {
    const world = new World();
    const made = instructions.pause(
      { guardian: world.guardian.key, config: world.config },
      { paused: 1 },
    );
    for (const meta of made.accounts) meta.signer = false;
    expect(world.chain.send([made]).refused).toBe('settlement-signature-missing');
  });
});
