import { expect, it } from 'vitest';
import { nameNetwork } from './networks.ts';

it('an address is named by itself, an IPv6 address by its network of 64 bits', () => {
  expect(nameNetwork('203.0.113.7')).toBe('203.0.113.7');
  expect(nameNetwork('::ffff:203.0.113.7')).toBe('203.0.113.7');
  expect(nameNetwork('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2');
  expect(nameNetwork('2001:db8:1:2::9%eth0')).toBe('2001:db8:1:2');
});

it('this machine has no name, but for addresses that a test of bounds calls from', () => {
  const own = ['127.0.0.1', '::1', '::ffff:127.0.0.1', undefined];
  expect(own.map(nameNetwork)).toEqual(new Array(4).fill(undefined));
  expect(['127.0.0.2', '::ffff:127.0.0.2'].map(nameNetwork)).toEqual(['127.0.0.2', '127.0.0.2']);
});
