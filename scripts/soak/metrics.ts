/** What a hub counts of its work, since it was started. */
export interface HubNumbers {
  leases: number;
  leasesExpired: number;
  shardsAccepted: number;
  /** 1 while its disk takes no writes. */
  diskTrouble: number;
}

const NAMES: Record<keyof HubNumbers, string> = {
  leases: 'pocketgrid_leases_total',
  leasesExpired: 'pocketgrid_leases_expired_total',
  shardsAccepted: 'pocketgrid_shards_accepted_total',
  diskTrouble: 'pocketgrid_disk_trouble',
};
const ANSWER_MS_MAX = 5_000;

/** Reads the metrics of a hub; undefined while it does not answer. */
export async function readNumbers(hub: string): Promise<HubNumbers | undefined> {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  const text = await fetch(new URL('/metrics', hub), { signal })
    .then((answer) => answer.text())
    .catch(() => undefined);
  if (text === undefined) return undefined;
  const read = (field: keyof HubNumbers) =>
    Number(new RegExp(`^${NAMES[field]} (\\S+)$`, 'm').exec(text)?.[1]);
  return {
    leases: read('leases'),
    leasesExpired: read('leasesExpired'),
    shardsAccepted: read('shardsAccepted'),
    diskTrouble: read('diskTrouble'),
  };
}
