import { expect, it } from 'vitest';
import { nameNetwork } from './networks.ts';

it('an address is named by itself, an IPv6 address by its network of 64 bits', () => {
  expect(nameNetwork('203.0.113.7')).toBe('203.0.113.7');
  expect(nameNetwork('::ffff:203.0.113.7')).toBe('203.0.113.7');
  expect(nameNetwork('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2');
  expect(nameNetwork('2001:db8:1:2::9%eth0')).toBe('2001:db8:1:2');
});

it('this machine has no name', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', undefined].map(nameNetwork)).toEqual(
    new Array(5).fill(undefined),
  );
});
