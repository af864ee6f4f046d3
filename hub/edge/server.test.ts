import { get } from 'node:https';
import { expect, it } from 'vitest';
import { openTestFolder } from '#node/test-folder.ts';
import { openHubServer } from './server.ts';
import { openTestHub } from './test-hub.ts';

const hub = openTestHub(() => ({}));
const other = openTestFolder();

it('a hub refuses a port in use, with the way out', async () => {
  const port = Number(new URL(hub.url).port);
  await expect(openHubServer({ data: other, port })).rejects.toThrow(/in use; .* --port/);
});

it('a hub refuses a data directory in use, with the way out', async () => {
  await expect(openHubServer({ data: hub.data, port: 0 })).rejects.toThrow(/--data/);
});

it('a hub answers for its health and in the Prometheus format', async () => {
  expect(await (await hub.call('/v1/health')).json()).toMatchObject({ status: 'ok', hub: hub.hub });
  expect(await (await hub.call('/metrics')).text()).toContain('pocketgrid_sockets_open');
});

it('a hub serves HTTPS on the network with a certificate of its own', async () => {
  const lan = await openHubServer({ data: other, port: 0, lan: true, seeds: false });
  expect(lan.url).toMatch(/^https:/);
  await expect(fetch(`${lan.url}/v1/health`)).rejects.toThrow();
  const status = await new Promise((resolve) => {
    get(`${lan.url}/v1/health`, { ca: lan.certificate }, (answer) => resolve(answer.statusCode));
  });
  expect(status).toBe(200);
  await lan.close();
});
