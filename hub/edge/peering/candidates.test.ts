import { describe, expect, it } from 'vitest';
import { cutCandidates, mayReach, mayTry, type Reach, reachOf } from './candidates.ts';

const candidate = (address: string) =>
  `candidate:1 1 UDP 2122252543 ${address} 50000 typ host generation 0`;
const allowed = (address: string): Reach[] =>
  (['internet', 'networks'] as const).filter((reach) => mayReach(address, reach));

describe('addresses that a peer names', () => {
  it.each(['8.8.8.8', '172.32.0.1', '2606:4700::1111'])('%s may be tried', (address) => {
    expect(allowed(address)).toEqual(['internet', 'networks']);
  });

  it.each([
    '10.0.0.9',
    '172.16.0.1',
    '192.168.1.5',
    '169.254.1.1',
    '100.64.0.1',
    'fd00::2',
    'fe80::1',
    '::ffff:192.168.1.5',
  ])('%s may be tried on a network alone', (address) =>
    expect(allowed(address)).toEqual(['networks']),
  );

  it('a name of mDNS may be tried on a network alone, and no other name anywhere', () => {
    expect(allowed('2b4d9c1e-0000-4000-8000-1234567890ab.local')).toEqual(['networks']);
    expect(allowed('evil.example')).toEqual([]);
    expect(allowed('a.b.local')).toEqual([]);
    expect(allowed('localhost')).toEqual([]);
  });

  it.each([
    '127.0.0.1',
    '0.0.0.0',
    '224.0.0.251',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '0:0:0:0:0:ffff:7f00:1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    'ff02::fb',
  ])('%s is never tried', (address) => expect(allowed(address)).toEqual([]));
});

it('a candidate is read by its address, and what is none is not tried', () => {
  expect(mayTry(candidate('8.8.8.8'), 'internet')).toBe(true);
  expect(mayTry(candidate('10.0.0.1'), 'internet')).toBe(false);
  expect(mayTry('', 'internet')).toBe(true);
  expect(mayTry('candidate:1 1 UDP', 'internet')).toBe(false);
});

it('a description keeps everything but candidates that may not be tried', () => {
  const lines = ['v=0', 'c=IN IP4 0.0.0.0', 'a=ice-ufrag:x', 'a=end-of-candidates'];
  const named = ['10.0.0.1', '127.0.0.1', '8.8.8.8'].map((each) => `a=${candidate(each)}`);
  const [, , open] = named;
  const sdp = [...lines, ...named, ''].join('\r\n');
  expect(cutCandidates(sdp, 'internet')).toBe([...lines, open, ''].join('\r\n'));
  const odd = [' a=candidate:1 1 UDP 1 127.0.0.1 9 typ host', `A=${candidate('127.0.0.1')}`];
  expect(cutCandidates([...lines, ...odd].join('\n'), 'internet')).toBe(lines.join('\r\n'));
});

it('a hub tries addresses of networks where it listens on one', () => {
  expect(reachOf('0.0.0.0', true)).toBe('networks');
  expect(reachOf('192.168.1.2', false)).toBe('networks');
  for (const host of ['0.0.0.0', '127.0.0.1', '::', 'hub.example', '8.8.8.8']) {
    expect(reachOf(host, false)).toBe('internet');
  }
});
