import { getCatalogs } from '@lingui/cli/api';
import { getConfig } from '@lingui/conf';
import { describe, expect, test } from 'vitest';

const config = getConfig();
const catalogues = await getCatalogs(config);
const found = await Promise.all(
  catalogues.map(async (catalogue) => ({
    name: catalogue.path.replace(/.*\/web\//, 'web/'),
    catalogue,
    said: Object.keys((await catalogue.collect()) ?? {}).sort(),
  })),
);

describe.each(found)('the catalogue $name', ({ catalogue, said }) => {
  test.each(config.locales)('has each sentence of the page in %s, and no other', async (locale) => {
    const entries = await catalogue.read(locale);
    const kept = Object.keys(entries).sort();
    expect(kept, 'sentences of the page have changed: run `npm run languages`').toEqual(said);
    const open = Object.values(entries).filter(({ translation }) => translation === '');
    expect(
      locale === config.sourceLocale ? [] : open.map(({ message }) => message),
      `fill in what is empty in ${catalogue.getFilename(locale)}`,
    ).toEqual([]);
  });
});

test('the page says several hundred sentences', () => {
  expect(found.flatMap(({ said }) => said).length).toBeGreaterThan(500);
});
