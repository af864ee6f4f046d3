#!/usr/bin/env node
/**
 * Firefox as Playwright starts it (`executablePath`): the one that `POCKETGRID_FIREFOX` names, and
 * between both a socket that answers by itself what an ESR does not know yet. Playwright asks it of
 * every page, and takes a refusal for the end.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { WebSocket, WebSocketServer } from 'ws';

const UNKNOWN = new Set(['emulation.setMediaFeaturesOverride']);
const LISTENING = /WebDriver BiDi listening on (ws:\/\/\S+)/;

const firefox = spawn(process.env['POCKETGRID_FIREFOX'] ?? 'firefox-esr', process.argv.slice(2), {
  stdio: ['ignore', 'pipe', 'pipe'],
});
firefox.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
firefox.on('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => firefox.kill(signal));
for (const stream of [firefox.stdout, firefox.stderr]) {
  createInterface({ input: stream }).on('line', (line) => {
    const address = LISTENING.exec(line)?.[1];
    if (address === undefined) process.stderr.write(`${line}\n`);
    else openBetween(address);
  });
}

/** Listens in Firefox's place, and says so as it does. */
function openBetween(address) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('listening', () => {
    process.stderr.write(`WebDriver BiDi listening on ws://127.0.0.1:${server.address().port}\n`);
  });
  server.on('connection', (driver) => {
    const behind = new WebSocket(`${address}/session`, { maxPayload: 2 ** 28 });
    const waiting = [];
    behind.on('open', () => {
      for (const text of waiting.splice(0)) behind.send(text);
    });
    behind.on('message', (data) => driver.send(data.toString()));
    behind.on('close', () => driver.close());
    behind.on('error', () => driver.close());
    driver.on('close', () => behind.close());
    driver.on('message', (data) => {
      const text = data.toString();
      const { id, method } = JSON.parse(text);
      if (UNKNOWN.has(method)) driver.send(JSON.stringify({ type: 'success', id, result: {} }));
      else if (behind.readyState === WebSocket.OPEN) behind.send(text);
      else waiting.push(text);
    });
  });
}
