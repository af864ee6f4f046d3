/** How long a client waits that does not say (`Prefer: wait=60`, RFC 7240), and may wait. */
const WAIT_SECONDS = { otherwise: 60, most: 600 };

/** Says when an answer is given, as for jobs. */
export const ASSURANCE = 'x-pocketgrid-assurance';

/** How long a client waits for its answer, ms. */
export function waitMs({ headers }: Request): number {
  const asked = Number(/(?:^|[,;\s])wait=(\d{1,6})/.exec(headers.get('prefer') ?? '')?.[1]);
  return 1_000 * Math.min(asked || WAIT_SECONDS.otherwise, WAIT_SECONDS.most);
}
