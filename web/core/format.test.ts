import { describe, expect, test } from 'vitest';
import {
  formatAgo,
  formatBytes,
  formatCertainty,
  formatLamports,
  formatMillis,
  formatPrice,
  formatRate,
  formatSentence,
  formatShare,
  formatSol,
} from './format.ts';

describe('numbers as people read them', () => {
  test.each([
    [0, '0 kB'],
    [400, '0.4 kB'],
    [38_000_000, '38 MB'],
    [90_449_000, '90.4 MB'],
    [2_500_000_000, '2.5 GB'],
  ])('%d bytes', (value, text) => expect(formatBytes(value, 'en')).toBe(text));

  test.each([
    [0.6863, '69%'],
    [0.9863, '98.6%'],
    [0.9996, '99.96%'],
    [0.999999, '99.99%'],
  ])('a certainty of %d', (value, text) => expect(formatCertainty(value, 'en')).toBe(text));

  test.each([
    [0.25, '0.25 ms'],
    [41.26, '41 ms'],
    [1_440, '1.4 sec'],
    [59_990, '1 min'],
    [200_000, '3 min 20 sec'],
    [7_500_000, '2 hr 5 min'],
  ])('%d ms', (value, text) => expect(formatMillis(value, 'en')).toBe(text));

  test('a share below one never reads as the whole', () => {
    expect(formatShare(0.9999, 0, 'en')).toBe('99%');
    expect(formatShare(0.99999, 2, 'en')).toBe('99.99%');
    expect(formatShare(1, 0, 'en')).toBe('100%');
    expect(formatShare(0.05, 1, 'en')).toBe('5%');
  });

  test('lamports keep every digit', () => {
    expect(formatSol(2n ** 64n - 1n)).toBe('18446744073.709551615 SOL');
    expect(formatSol(5_000n)).toBe('0.000005 SOL');
    expect(formatSol(-1_500_000_000n)).toBe('−1.5 SOL');
    expect(formatPrice('1500000000')).toBe('1.5 SOL');
    expect(formatLamports(2n ** 64n - 1n, 'en')).toBe('18,446,744,073,709,551,615 lamports');
    expect(formatPrice('0')).toContain('volunteers');
  });

  test('reasons become sentences', () => {
    expect(formatSentence('nobody has posted work')).toBe('Nobody has posted work.');
    expect(formatSentence('Done!')).toBe('Done!');
    expect(formatSentence('')).toBe('');
  });

  test('rates and times', () => {
    expect(formatRate(23.84, 'en')).toBe('24');
    expect(formatRate(0, 'en')).toBe('0');
    expect(formatAgo(0, 4_000, 'en')).toBe('just now');
    expect(formatAgo(0, 200_000, 'en')).toBe('3 minutes ago');
  });
});
