import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { buildApp } from './app.ts';
import { openBrowser } from './browser.ts';
import { openProgram, readVerifierKey } from './command.ts';
import { type Bench, type BenchContext, median } from './figure.ts';
import { openBarePage } from './first-shard/bare-page.ts';
import { openSlowLine } from './first-shard/slow-line.ts';
import { awaitJob, type BenchHub, createJob, openHub, repeatDigits } from './hub.ts';

const LINE = { downKbits: 1_600, upKbits: 750, rttMs: 150 };
const VISIT_MS_MAX = 180_000;
const READY_MS_MAX = 120_000;
const ITEMS = 100_000;
const ROUNDS = 5;
const GOAL = 1.05;

/**
 * A first visit on slow 4G, from the address to the first accepted unit ÷ a bare page with the same
 * runtime, model and one unit on the same line, each with an empty cache.
 */
export const run: Bench = async function* (context) {
  await buildApp();
  const hub = await openWork(context);
  const ports = { ours: Number(new URL(hub.url).port), bare: await openBarePage(context) };
  const browser = (await openBrowser(context)).browser();
  if (browser === null) throw new Error('Chromium has no browser to open visits in');
  const rounds: { ours: Visit; bare: Visit }[] = [];
  for (let round = 0; round < (context.quick ? 1 : ROUNDS); round += 1) {
    const bare = await visit(browser, ports.bare, seeBare);
    const ours = await visit(browser, ports.ours, seeOurs);
    context.say(`ours ${ours.ms} ms, ${ours.bytes} bytes; bare ${bare.ms} ms, ${bare.bytes} bytes`);
    rounds.push({ ours, bare });
  }
  const middle = (of: (round: { ours: Visit; bare: Visit }) => number) => median(rounds.map(of));
  yield {
    figure: 'cold',
    value: middle(({ ours, bare }) => ours.ms / bare.ms),
    unit: 'ratio',
    baseline: GOAL,
    detail: {
      oursMs: middle(({ ours }) => ours.ms),
      bareMs: middle(({ bare }) => bare.ms),
      oursBytes: middle(({ ours }) => ours.bytes),
      bareBytes: middle(({ bare }) => bare.bytes),
      rounds: rounds.length,
    },
  };
};

interface Visit {
  ms: number;
  /** Down the line. */
  bytes: number;
}

/** One visit with an empty cache, over a line of its own. */
async function visit(
  browser: Browser,
  port: number,
  see: (page: Page, url: string) => Promise<void>,
): Promise<Visit> {
  const line = await openSlowLine(port, LINE);
  const visitor = await browser.newContext();
  try {
    const page = await visitor.newPage();
    const startedAt = performance.now();
    await see(page, `http://127.0.0.1:${line.port}/`);
    return { ms: Math.round(performance.now() - startedAt), bytes: line.received() };
  } finally {
    await visitor.close();
    line.close();
  }
}

async function seeBare(page: Page, url: string): Promise<void> {
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForFunction(() => document.title === 'done', undefined, { timeout: VISIT_MS_MAX });
}

/** WebRTC would go past the line. */
async function seeOurs(page: Page, url: string): Promise<void> {
  await page.goto(`${url}?webrtc=off&provider=wasm`, { waitUntil: 'commit' });
  await page.getByTestId('start').click({ timeout: VISIT_MS_MAX });
  const isAccepted = () => {
    const shown = document.querySelector('[data-testid="accepted"]')?.textContent ?? '0';
    return Number(shown.replace(/\D/g, '')) > 0;
  };
  await page.waitForFunction(isAccepted, undefined, { timeout: VISIT_MS_MAX });
}

/** A hub with a job of digits that lasts for all visits, in units of four. */
async function openWork(context: BenchContext): Promise<BenchHub> {
  const data = `${context.folder}/grid`;
  const key = await readVerifierKey(data);
  const hub = await openHub(context, data, ['--verifier-key', key]);
  const verifier = ['verifier/main.ts', '--hub', hub.url, '--data', data, '--checks', 'flat:0.02'];
  await openProgram(verifier, context).hear('ready', READY_MS_MAX);
  const job = await createJob(hub, {
    model: await readFile('public/sample/digits.onnx'),
    inputs: await repeatDigits(ITEMS),
    options: { name: 'digits', unitItems: 4, autoStart: true },
  });
  await awaitJob(hub, job.id, { states: ['running'], timeoutMs: READY_MS_MAX });
  return hub;
}
