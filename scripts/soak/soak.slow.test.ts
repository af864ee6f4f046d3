import { expect, it, type TestContext } from 'vitest';
import { openTestPrograms } from '#node/test-programs.ts';

const { start } = openTestPrograms();
const LIMIT_MS = 400_000;

/** Skips, with the reason, what this user may not do here. */
async function expectNoFaults(context: TestContext, ...words: string[]): Promise<void> {
  const { code, text } = await start('scripts/soak/main.ts', ...words).ended;
  if (text.startsWith('skipped: ')) {
    process.stdout.write(text);
    context.skip(text);
  }
  expect({ code, text }).toMatchObject({ code: 0, text: expect.stringMatching(/, 0 faults\n$/) });
}

it(
  'a grid whose programs are ended by kill -9 twenty times loses nothing and counts nothing twice',
  async (context) => {
    await expectNoFaults(context, '--kills', '20');
  },
  LIMIT_MS,
);

it(
  'a hub that is stopped for five seconds in the middle of a job ends no lease and no session',
  async (context) => {
    await expectNoFaults(context, '--sleep-seconds', '5');
  },
  LIMIT_MS,
);

it(
  'a hub on a disk that is full now and then, killed there, serves nothing wrong and goes on',
  async (context) => {
    await expectNoFaults(context, '--disk-fills', '6');
  },
  LIMIT_MS,
);
