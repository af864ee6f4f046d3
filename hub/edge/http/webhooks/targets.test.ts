import { expect, it } from 'vitest';
import { findTarget } from './targets.ts';

const find = (url: string, { isPrivate = false, addresses = ['93.184.216.34'] } = {}) =>
  findTarget(new URL(url), { isPrivate, resolve: async () => addresses });

it.each([
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f.1/',
  'https://0.0.0.0/',
  'https://10.1.2.3/',
  'https://100.64.0.1/',
  'https://169.254.169.254/latest/meta-data',
  'https://172.31.0.1/',
  'https://192.168.1.1/',
  'https://198.18.0.1/',
  'https://224.0.0.1/',
  'https://255.255.255.255/',
  'https://[::1]/',
  'https://[::]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:a00:1]/',
  'https://[fe80::1]/',
  'https://[fc00::1]/',
  'https://[fec0::1]/',
  'https://[ff02::1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[2002:7f00:1::]/',
])('%s is refused, and allowed where an operator says so', async (url) => {
  expect(await find(url)).toMatchObject({
    ok: false,
    refusal: { code: 'request-invalid', path: 'url' },
  });
  expect((await find(url, { isPrivate: true })).ok).toBe(true);
});

it.each(['127.0.0.1', '10.0.0.1', '::1', 'fd00::1', '::ffff:192.168.0.1', '224.0.0.1'])(
  'a name that leads to %s beside an address of the internet is refused',
  async (address) => {
    const addresses = ['93.184.216.34', address];
    expect(await find('https://a.example/', { addresses })).toMatchObject({ ok: false });
  },
);

it('an address of the internet is taken, and the connection is made to it', async () => {
  expect(await find('https://a.example:8443/hook')).toMatchObject({
    ok: true,
    value: { address: '93.184.216.34' },
  });
  const addresses = ['2606:2800:220:1::1'];
  expect(await find('https://a.example/', { addresses })).toMatchObject({ ok: true });
  expect(await find('https://[2606:2800:220:1::1]/')).toMatchObject({ ok: true });
});

it('plain HTTP and a name that nobody knows are refused by name', async () => {
  const said = async (...args: Parameters<typeof find>) => {
    const found = await find(...args);
    return found.ok ? 'accepted' : found.refusal.message;
  };
  expect(await said('http://a.example/')).toContain('https');
  expect(await said('http://a.example/', { isPrivate: true })).toBe('accepted');
  expect(await said('https://a.example/', { addresses: [] })).toContain('a.example');
});
