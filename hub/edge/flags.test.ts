import { expect, it } from 'vitest';
import type { FlagTexts } from '#node/flags.ts';
import { chooseChain, decodeHubFlags } from './flags.ts';

it('has defaults for all flags', () => {
  expect(decodeHubFlags([])).toMatchObject({
    ok: true,
    value: { port: 8787, data: 'data', lan: false, 'log-level': 'warn' },
  });
});

it('reads each flag', () => {
  const key = 'cd'.repeat(32);
  const args = `--port 0 --host ::1 --data d --lan --verifier-key ${key} --verifier-key ${key}`;
  const more = '--no-verifier --checks flat:0.5 --newcomers 5,1000 --dev-chain http://a';
  expect(decodeHubFlags(`${args} ${more}`.split(' '))).toMatchObject({
    ok: true,
    value: {
      port: 0,
      host: '::1',
      'verifier-key': [key, key],
      'no-verifier': true,
      checks: { type: 'flat', rate: 0.5 },
      newcomers: { burst: 5, unitsEach: 1000 },
      'dev-chain': 'http://a',
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
  [['--dev-chain', 'chain'], '--dev-chain'],
  [['--dev-chain', 'http://a', '--rpc-url', 'http://b'], '--dev-chain'],
  [['--log-level', 'loud'], '--log-level'],
  [['--unknown'], '--unknown'],
  [['stray'], 'stray'],
])('names the flag in %j', (args, name) => {
  const flags = decodeHubFlags(args);
  expect(flags.ok ? '' : flags.refusal.message).toContain(name);
});

it.each([
  [[], undefined, 'none'],
  [[], 'https://a', { url: 'https://a', isDev: false }],
  [['--rpc-url', 'http://b'], 'https://a', { url: 'http://b', isDev: false }],
  [['--dev-chain', 'http://c'], 'https://a', { url: 'http://c', isDev: true }],
])('chooses the chain by %j and SOLANA_RPC_URL %j', (args, url, chosen) => {
  const flags = decodeHubFlags(args, url === undefined ? {} : { SOLANA_RPC_URL: url });
  expect(flags.ok && flags.value !== 'help' && chooseChain(flags.value)).toEqual(chosen);
});

it('a flag goes before the environment, and that before the file', () => {
  const file = { port: '9000', data: 'kept', checks: 'flat:0.5', origin: ['https://a.example'] };
  expect(decodeHubFlags(['--port', '9001'], {}, file)).toMatchObject({
    ok: true,
    value: { port: 9001, data: 'kept', checks: { rate: 0.5 }, origin: ['https://a.example'] },
  });
  const ofFile = { 'dev-chain': 'http://file' };
  const chosen = (args: string[], env: object, said: FlagTexts) => {
    const flags = decodeHubFlags(args, env, said);
    return flags.ok && flags.value !== 'help' ? chooseChain(flags.value) : flags;
  };
  expect(chosen([], {}, ofFile)).toEqual({ url: 'http://file', isDev: true });
  expect(chosen([], { SOLANA_RPC_URL: 'https://env' }, ofFile)).toEqual({
    url: 'https://env',
    isDev: false,
  });
  expect(chosen(['--dev-chain', 'http://flag'], { SOLANA_RPC_URL: 'https://env' }, ofFile)).toEqual(
    { url: 'http://flag', isDev: true },
  );
  expect(chosen(['--rpc-url=http://flag'], {}, ofFile)).toEqual({
    url: 'http://flag',
    isDev: false,
  });
  expect(chosen([], {}, { ...ofFile, 'rpc-url': 'http://b' })).toMatchObject({ ok: false });
});
