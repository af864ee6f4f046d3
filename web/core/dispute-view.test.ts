import { describe, expect, test } from 'vitest';
import type { DisputeView } from '#protocol/api.ts';
import type { JobId } from '#protocol/ids.ts';
import { instant } from '#protocol/units.ts';
import { STATUS_OFF } from './contribute-view.ts';
import { isCaught, NO_DISPUTE, viewDispute } from './dispute-view.ts';

const JOB = 'job_0123456789abcdef' as JobId;
const found = (state: DisputeView['state'], against = 1, inFavour = 0): DisputeView => ({
  state,
  job: JOB,
  unit: 7,
  against,
  inFavour,
});

describe('a conviction', () => {
  test('that the hub does not know of is not spoken of', () => {
    expect(viewDispute(NO_DISPUTE)).toBeUndefined();
    expect(viewDispute({ asking: false, found: { state: 'none' } })).toBeUndefined();
  });

  test('may be disputed, once, and the button says that it is being asked', () => {
    const words = viewDispute({ asking: false, found: found('none') });
    expect(words).toMatchObject({ action: 'Ask other verifiers', tone: 'bad' });
    expect(words?.text).toContain('1 verifier found unit 7 wrong');
    expect(viewDispute({ asking: true, found: found('none') })?.action).toBe('Asking…');
  });

  test.each([
    { said: found('open', 1, 1), text: 'So far 1 found it wrong and 1 right' },
    { said: found('upheld', 2, 0), text: 'It stands: 2 found unit 7 wrong and 0 right' },
    { said: found('overturned', 1, 2), text: '2 verifiers found unit 7 right' },
  ])('that is $said.state says so and offers no button', ({ said, text }) => {
    const words = viewDispute({ asking: false, found: said });
    expect(words?.text).toContain(text);
    expect(words).not.toHaveProperty('action');
  });
});

describe('a refusal', () => {
  test('is told as a sentence, and may be tried again', () => {
    const message = 'the dispute was signed at another time; set the clock';
    const refusal = { code: 'request-invalid', message } as const;
    expect(viewDispute({ asking: false, found: found('none'), refusal })).toMatchObject({
      refused: 'The dispute was signed at another time; set the clock.',
      action: 'Ask again',
    });
  });

  test('is forgotten when the hub has a dispute', () => {
    const refusal = { code: 'download-failed', message: 'the hub is silent' } as const;
    const words = viewDispute({ asking: false, found: found('open'), refusal });
    expect(words).not.toHaveProperty('refused');
  });
});

test('who is barred, or has seen a mismatch, may have a conviction', () => {
  const verdict = (kind: 'match' | 'mismatch') => ({ job: JOB, unit: 7, kind, at: instant(0) });
  const refusal = { code: 'device-barred', message: 'unit 7 did not match' } as const;
  expect(isCaught(STATUS_OFF)).toBe(false);
  expect(isCaught({ ...STATUS_OFF, verdicts: [verdict('match')] })).toBe(false);
  expect(isCaught({ ...STATUS_OFF, verdicts: [verdict('match'), verdict('mismatch')] })).toBe(true);
  expect(isCaught({ ...STATUS_OFF, refusal })).toBe(true);
});
