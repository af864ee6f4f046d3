import { VerdictPage } from '#protocol/api/api.ts';
import type { SignedVerdict } from '#protocol/records/records.ts';
import { accept, type Result } from '#protocol/values/refusal.ts';
import type { CallOptions, HubClient } from './client.ts';
import { readList } from './pages.ts';

export const VERDICTS_A_PAGE = 500;

/** At most `limit` verdicts of all verifiers after a number, oldest first. */
export const readVerdictPage = (
  hub: HubClient,
  { after, limit = VERDICTS_A_PAGE }: { after: number; limit?: number },
  options?: CallOptions,
) => hub.ask(VerdictPage, `/v1/verdicts?after=${after}&limit=${limit}`, options);

/** All verdicts of all verifiers, oldest first. */
export const readVerdicts = (
  hub: HubClient,
  options?: CallOptions,
): Promise<Result<SignedVerdict[]>> =>
  readList(0, async (after) => {
    const page = await readVerdictPage(hub, { after }, options);
    if (!page.ok) return page;
    const items = page.value.verdicts.map(({ signed }) => signed);
    return accept({ items, next: page.value.next });
  });
