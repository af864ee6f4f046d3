import { expect, it } from 'vitest';
import type { JobId } from '#protocol/values/ids.ts';
import { openClient } from './client.ts';
import { watchJob } from './job-events.ts';
import { isPassing } from './refusals.ts';

const JOB = 'job_0123456789abcdef' as JobId;

const clientOf = (response: () => Response) =>
  openClient({ hub: 'http://hub', retries: 0, send: async () => response() });

async function readAll(response: () => Response): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const event of watchJob(clientOf(response), JOB)) seen.push(event);
  return seen;
}

it('watching skips comments and other events, and ends with the stream', async () => {
  const text = ': still here\n\nevent: other\ndata: {}\n\ndata: bare\n\n';
  expect(await readAll(() => new Response(text))).toEqual([]);
});

it.each([
  ['a malformed event', () => new Response('event: job\ndata: {"at":1}\n\n'), false],
  ['text for JSON', () => new Response('event: job\ndata: hello\n\n'), false],
  [
    'a wrong key',
    () => Response.json({ error: { code: 'key-wrong', message: 'no such key' } }, { status: 401 }),
    false,
  ],
  [
    'a hub that is busy',
    () => Response.json({ error: { code: 'busy', message: 'too many' } }, { status: 503 }),
    true,
  ],
])('watching throws a refusal for %s', async (_, response, passing) => {
  const failure = await readAll(response).catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'PocketgridError' });
  expect(isPassing((failure as { refusal: Parameters<typeof isPassing>[0] }).refusal)).toBe(
    passing,
  );
});
