import * as v from 'valibot';
import { expect, it } from 'vitest';
import { decodeFlags, HttpUrl, numberIn, Port, Switch, Text, Whole, wholeIn } from './flags.ts';

const SCHEMAS = {
  hub: HttpUrl,
  port: v.optional(Port, '8787'),
  rate: v.exactOptional(numberIn(0, 1)),
  threads: v.exactOptional(wholeIn(1, 64)),
  lamports: v.exactOptional(Whole),
  key: v.optional(v.array(Text), []),
  lan: Switch,
  file: v.exactOptional(Text),
};
const decode = (text: string, defaults = {}) =>
  decodeFlags(SCHEMAS, { args: text.split(' ').filter(Boolean), words: ['file'], defaults });

it('flags become values by their schemas', () => {
  const hub = new URL('http://a');
  const more = '--rate 0.5 --threads 2 --lamports 9000000000000000001 --key a --key=b --lan here';
  expect(decode(`--hub http://a ${more}`)).toEqual({
    ok: true,
    value: {
      ...{ hub, port: 8787, rate: 0.5, threads: 2, lamports: 9_000_000_000_000_000_001n },
      ...{ key: ['a', 'b'], lan: true, file: 'here' },
    },
  });
  expect(decode('--hub http://a')).toEqual({
    ok: true,
    value: { hub, port: 8787, key: [], lan: false },
  });
});

it('a flag replaces its default, which is checked as well', () => {
  expect(decode('--hub http://a', { hub: 'http://b' })).toMatchObject({
    value: { hub: new URL('http://a') },
  });
  expect(decode('', { hub: 'http://b' })).toMatchObject({ value: { hub: new URL('http://b') } });
  expect(decode('', { hub: 'b' })).toMatchObject({ ok: false });
});

it('help is given whatever else is wrong', () => {
  expect(decode('--help --port x')).toEqual({ ok: true, value: 'help' });
});

it.each([
  ['', '--hub is missing'],
  ['--hub nowhere', '--hub: expected an address such as'],
  ['--hub ftp://a', '--hub: expected an address with http'],
  ['--hub http://a --port 70000', '--port: expected a number from 0 to 65535'],
  ['--hub http://a --port=', '--port: '],
  ['--hub http://a --rate 2', '--rate: expected a number from 0 to 1'],
  ['--hub http://a --rate=', '--rate: '],
  ['--hub http://a --threads 1.5', '--threads: expected a whole number from 1 to 64'],
  ['--hub http://a --lamports -1', '--lamports'],
  ['--hub http://a --key=', '--key'],
  ['--hub', '--hub'],
  ['--lan=yes', '--lan'],
  ['--speed 1', '--speed'],
  ['--hub http://a here there', 'there belongs to no flag'],
])('%j is refused with the name of the flag', (text, part) => {
  const decoded = decode(text);
  expect(decoded.ok ? '' : decoded.refusal.message).toContain(part);
});

it('a last word that is a list takes the rest, and a letter stands for a flag', () => {
  const schemas = { verb: Text, files: v.pipe(v.array(Text), v.minLength(1)), out: Text };
  const line = { words: ['verb', 'files'], letters: { out: 'o' } };
  const decodeLine = (text: string) => decodeFlags(schemas, { args: text.split(' '), ...line });
  const value = { verb: 'run', files: ['a', 'b', 'c'], out: 'd' };
  expect(decodeLine('run a -o d b c')).toEqual({ ok: true, value });
  expect(decodeLine('run -o d')).toMatchObject({
    refusal: { message: expect.stringContaining('files is missing') },
  });
});
