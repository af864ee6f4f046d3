import { describe, expect, test } from 'vitest';
import { openNetworkLabels } from './network-labels.ts';

const labelOf = openNetworkLabels();
const areOne = (a: string, b: string) => labelOf(a) === labelOf(b);

describe('two addresses are one network', () => {
  test.each([
    ['in a /24', '203.0.113.7', '203.0.113.250'],
    ['however IPv4 is written', '203.0.113.7', '::ffff:203.0.113.9'],
    ['in a /48', '2001:db8:5::1', '2001:0DB8:0005:ffff:1:2:3:4'],
    ['in a /48 of zeros', '2001::1', '2001:0:0:7::5'],
    ['in a /48 with an IPv4 address at its end', '64:ff9b:1::203.0.113.7', '64:ff9b:1:2::8'],
    ['on this machine', '127.0.0.1', '::1'],
    ['on a local network', '192.168.1.20', '127.0.0.1'],
    ['on a link', 'fe80::1%eth0', '10.1.2.3'],
  ])('%s', (_, a, b) => expect(areOne(a, b)).toBe(true));
});

describe('two addresses are two networks', () => {
  test.each([
    ['of two /24', '203.0.113.7', '203.0.114.7'],
    ['of two /48', '2001:db8:5::1', '2001:db8:6::1'],
    ['where one is local', '203.0.113.7', '10.0.0.1'],
  ])('%s', (_, a, b) => expect(areOne(a, b)).toBe(false));
});

test('a label says nothing: another key makes another one, and no address no label', () => {
  const label = labelOf('203.0.113.7');
  expect(label).toMatch(/^network\/[0-9a-f]{32}$/);
  expect(openNetworkLabels()('203.0.113.7')).not.toBe(label);
  expect([labelOf(undefined), labelOf('a pipe')]).toEqual([undefined, undefined]);
});
