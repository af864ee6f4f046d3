import { describe, expect, it } from 'vitest';
import { Config } from '#protocol/settlement/accounts.ts';
import { Chain, openSigner, SOL } from './support/chain.ts';
import { addresses, instructions, must, SETTINGS, World } from './support/world.ts';

const admin = openSigner('another admin');
const config = addresses.config(admin.key);
const at = (chain: Chain) => ({ payer: chain.payer.key, admin: admin.key, config });

describe('init_config', () => {
  it('writes down what the operator decided', () => {
    expect(new World().configState()).toMatchObject({ ...SETTINGS, paused: 0, setId: 1 });
  });

  it('is done once, by the admin whose key the address holds', () => {
    const chain = new Chain();
    const first = instructions.initConfig(at(chain), SETTINGS);
    must(chain.send([first], [admin]));
    expect(chain.send([first], [admin]).refused).toBeDefined();
    const stranger = openSigner('stranger');
    const taken = instructions.initConfig({ ...at(chain), admin: stranger.key }, SETTINGS);
    expect(chain.send([taken], [stranger]).refused).toBe('settlement-address-wrong');
    const unsigned = instructions.initConfig(at(chain), SETTINGS);
    for (const meta of unsigned.accounts) if (meta.key === admin.key) meta.signer = false;
    expect(new Chain().send([unsigned]).refused).toBe('settlement-signature-missing');
  });

  it('stands although somebody sent lamports to its address before', () => {
    const chain = new Chain();
    chain.fund(config, SOL);
    must(chain.send([instructions.initConfig(at(chain), SETTINGS)], [admin]));
    expect(chain.account(config)?.data.length).toBe(Config.bytes);
    expect(chain.lamports(config)).toBe(SOL);
  });

  it.each([
    { feeBps: 1_001 },
    { challengeSecs: 0n },
    { timelockSecs: 0n },
    { unbondSecs: 366n * 86_400n },
    { challengeSecs: SETTINGS.graceSecs },
    { graceSecs: SETTINGS.deadManSecs, unbondSecs: SETTINGS.deadManSecs + 1n },
    { unbondSecs: SETTINGS.graceSecs },
  ])('refuses %o', (change) => {
    const chain = new Chain();
    const made = instructions.initConfig(at(chain), { ...SETTINGS, ...change });
    expect(chain.send([made], [admin]).refused).toBe('settlement-setting-range');
  });
});
