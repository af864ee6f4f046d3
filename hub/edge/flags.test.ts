import { expect, it } from 'vitest';
import { chooseChain, decodeFlags } from './flags.ts';

it('has defaults for all flags', () => {
  expect(decodeFlags([])).toMatchObject({
    ok: true,
    value: { port: 8787, data: 'data', lan: false, 'log-level': 'warn' },
  });
});

it('reads each flag', () => {
  const key = 'cd'.repeat(32);
  const args = `--port 0 --host ::1 --data d --lan --verifier-key ${key} --verifier-key ${key}`;
  const more = '--no-verifier --checks flat:0.5 --newcomers 5,1000 --new-key --no-chain';
  expect(decodeFlags(`${args} ${more}`.split(' '))).toMatchObject({
    ok: true,
    value: {
      port: 0,
      host: '::1',
      'verifier-key': [key, key],
      'no-verifier': true,
      checks: { type: 'flat', rate: 0.5 },
      newcomers: { burst: 5, unitsEach: 1000 },
      'new-key': true,
      'no-chain': true,
    },
  });
});

it.each([
  [['--port', '70000'], '--port'],
  [['--port', 'x'], '--port'],
  [['--checks', '1.5'], '--checks'],
  [['--newcomers', '5'], '--newcomers'],
  [['--verifier-key', 'ab'], '--verifier-key'],
  [['--rpc-url', 'ftp://chain'], '--rpc-url'],
  [['--log-level', 'loud'], '--log-level'],
  [['--unknown'], '--unknown'],
  [['stray'], 'stray'],
])('names the flag in %j', (args, name) => {
  const flags = decodeFlags(args);
  expect(flags.ok ? '' : flags.refusal.message).toContain(name);
});

it.each([
  [[], undefined, 'hosted'],
  [[], 'https://a.example', { url: 'https://a.example' }],
  [['--rpc-url', 'http://b.example'], 'https://a.example', { url: 'http://b.example' }],
  [['--no-chain'], 'https://a.example', 'none'],
])('chooses the chain by %j and SOLANA_RPC_URL %j', (args, url, chosen) => {
  const flags = decodeFlags(args, url === undefined ? {} : { SOLANA_RPC_URL: url });
  expect(flags.ok && chooseChain(flags.value)).toEqual(chosen);
});
