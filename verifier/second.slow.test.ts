import { expect, test } from 'vitest';
import { openTestPrograms } from '#node/test-programs.ts';

const programs = openTestPrograms();

test.each([
  ['verifier', 'verifier/main.ts'],
  ['contributor', 'worker/edge/node/main.ts'],
])(
  'a second %s on the same folder is told so, and the first one stops cleanly',
  async (who, file) => {
    // No hub is there: both would try again for ever.
    const words = ['--hub', 'http://127.0.0.1:9', '--data', programs.data];
    const first = programs.start(file, ...words);
    await first.ready;
    const second = await programs.start(file, ...words).ended;
    expect(second.code).toBe(1);
    expect(second.errors).toMatch(new RegExp(`another ${who} uses .*--data`));
    first.child.kill('SIGTERM');
    expect((await first.ended).code).toBe(0);
  },
  60_000,
);
