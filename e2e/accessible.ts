import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { expect, type Page } from '@playwright/test';

/** What axe finds wrong: the rule, and where. */
interface Violation {
  id: string;
  nodes: { target: unknown; failureSummary?: string }[];
}

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** The narrowest is also a desk's page at 400 % (WCAG 2.2, 1.4.10). */
const SIZES = [
  { width: 320, height: 640 },
  { width: 390, height: 844 },
  { width: 1280, height: 900 },
];
const TARGET_PX = 44;

/**
 * A page as it stands now, on phones and a desk, in both themes: axe finds nothing,
 * nothing is wider than the screen, and whatever is tapped is 44 px high at least.
 */
export async function expectAccessible(page: Page): Promise<void> {
  const axe = await readFile(AXE, 'utf8');
  await page.evaluate(axe);
  for (const size of SIZES) {
    await page.setViewportSize(size);
    expect(await findOverflow(page), `${size.width} px`).toEqual([]);
    expect(await findSmallTargets(page), `${size.width} px`).toEqual([]);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect(await runAxe(page), `${size.width} px, ${colorScheme}`).toEqual([]);
    }
  }
}

async function runAxe(page: Page): Promise<unknown[]> {
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: Violation[] }> };
    };
    return (await axe.run()).violations;
  });
  return violations.map(({ id, nodes }) => ({
    id,
    nodes: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`),
  }));
}

/** What ends beyond the right edge of a screen that can be scrolled there. */
const findOverflow = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    return [...document.querySelectorAll('main *')]
      .filter((element) => element.getBoundingClientRect().right > clientWidth)
      .map((element) => element.outerHTML.slice(0, 120));
  });

/** Controls lower than a finger needs, but for links inside a text. */
const findSmallTargets = (page: Page): Promise<string[]> =>
  page.evaluate((least) => {
    const controls = [
      ...document.querySelectorAll<HTMLElement>('a, button, input, select, summary'),
    ];
    return controls.flatMap((control) => {
      const target = control.closest('label') ?? control;
      const { height, width } = target.getBoundingClientRect();
      const isInText = getComputedStyle(control).display === 'inline' && control.tagName === 'A';
      const isHidden = width === 0 || !control.checkVisibility() || control.className === 'skip';
      if (isHidden || isInText || height >= least - 0.5) return [];
      return [`${control.outerHTML.slice(0, 120)}: ${height} px`];
    });
  }, TARGET_PX);
