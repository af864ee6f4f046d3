import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { openProgram, readVerifierKey } from '../command.ts';
import type { BenchContext } from '../figure.ts';
import { type BenchHub, createJob, openHub, repeatDigits } from '../hub.ts';

const READY_MS_MAX = 120_000;
export const WORK_MS_MAX = 300_000;
export const UNIT_ITEMS = 4;

/** A hub and a verifier with nothing to do yet. */
export async function openCareGrid(context: BenchContext): Promise<BenchHub> {
  const data = `${context.folder}/grid`;
  const key = await readVerifierKey(data);
  const hub = await openHub(context, data, ['--verifier-key', key, '--checks', 'flat:0.02']);
  const words = ['--hub', hub.url, '--data', data, '--checks', 'flat:0.02'];
  await openProgram(['verifier/main.ts', ...words], context).hear('ready', READY_MS_MAX);
  return hub;
}

/** Posts so many units of digits. */
export const postUnits = async (hub: BenchHub, units: number) =>
  createJob(hub, {
    model: await readFile('public/sample/digits.onnx'),
    inputs: await repeatDigits(units * UNIT_ITEMS),
    options: { name: 'digits', unitItems: UNIT_ITEMS, autoStart: true },
  });

/** Opens the first page of a hub and taps Start. A desk's browser works all the time. */
export async function startWork(page: Page, { url }: BenchHub): Promise<void> {
  await page.goto(`${url}/?webrtc=off&provider=wasm`);
  await page.getByTestId('start').click();
}

/** Waits until the page says that so many units are accepted; gives how many it says then. */
export async function awaitAccepted(page: Page, units: number): Promise<number> {
  const isThere = (least: number) => {
    const shown = document.querySelector('[data-testid="accepted"]')?.textContent ?? '0';
    return Number(shown.replace(/\D/g, '')) >= least;
  };
  await page.waitForFunction(isThere, units, { timeout: WORK_MS_MAX });
  return Number((await page.getByTestId('accepted').textContent())?.replace(/\D/g, ''));
}
