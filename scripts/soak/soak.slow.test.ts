import { expect, it } from 'vitest';
import { openTestPrograms } from '#node/test-programs.ts';

const { start } = openTestPrograms();

it('a grid whose programs are ended by kill -9 twenty times loses nothing and counts nothing twice', async () => {
  const { code, text } = await start('scripts/soak/main.ts', '--kills', '20').ended;
  expect({ code, text }).toMatchObject({ code: 0, text: expect.stringMatching(/, 0 faults\n$/) });
}, 400_000);
