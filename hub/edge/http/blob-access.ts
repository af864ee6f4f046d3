import { API_KEY_PREFIX } from '#protocol/api/api.ts';
import type { Root } from '#protocol/values/ids.ts';
import { type BlobRights, blobRights, ticketHolder } from '../../core/hub.ts';
import { reject } from './answer.ts';
import { checkKey } from './callers.ts';
import { accessTo, readJob } from './job-access.ts';
import type { ApiPorts } from './route.ts';

/**
 * What a token may read of a blob. The ticket of a session sees what its work needs; a key the blobs
 * of jobs that it may read, as long as their data is kept, and the settings of kept models, which
 * every key may use.
 */
export async function rightsOf(
  ports: Pick<ApiPorts, 'hub' | 'store'>,
  token: string | undefined,
  root: Root,
): Promise<BlobRights> {
  if (token === undefined) {
    const message =
      'send `Authorization: Bearer` with an API key, or with the ticket of your welcome';
    return reject('key-missing', message);
  }
  const jobs = await ports.store.jobsNaming(root);
  if (isApiKey(token)) {
    const key = await checkKey(ports, token, 'reader');
    for (const id of jobs) {
      const job = await readJob(ports, id);
      if (job !== undefined && (await accessTo(ports, job, key)) !== undefined) return 'whole';
    }
    return (await isSetting(ports, root)) ? 'whole' : [];
  }
  const holder = ticketHolder(ports.hub, token);
  if (holder !== undefined) return blobRights(ports.hub, holder, { root, jobs });
  return reject('key-wrong', 'this ticket is of no session that is open; connect again');
}

/** Whether a token is an API key, and no ticket of a session. */
export const isApiKey = (token: string | undefined): boolean =>
  token?.startsWith(API_KEY_PREFIX) === true;

/** Whether a blob is a JSON file of a model that the hub keeps: it says how the model is used. */
async function isSetting({ store }: Pick<ApiPorts, 'store'>, root: Root): Promise<boolean> {
  const models = await store.models.list();
  return models.some(({ files }) =>
    files.some(({ name, blob }) => blob.root === root && /\.json$/i.test(name)),
  );
}
