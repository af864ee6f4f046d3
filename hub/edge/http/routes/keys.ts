import {
  KeyList,
  KeyRequest,
  type KeyView,
  NewKey,
  OwnKey,
  ShareRequest,
} from '#protocol/api/keys.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { DeveloperId } from '#protocol/values/ids.ts';
import { instant, lamports } from '#protocol/values/units.ts';
import { answerJson, reject } from '../answer.ts';
import { createApiKey } from '../api-keys.ts';
import { readJson } from '../body.ts';
import { json, NOTHING } from '../describe.ts';
import { type ApiPorts, type KeyCall, operator, type Route, reader, writer } from '../route.ts';

/** Who may call this hub: the operator makes and revokes keys, and whoever has jobs shares them. */
export function keyRoutes({ store: { keys } }: Pick<ApiPorts, 'store'>): Route[] {
  async function make({ request }: KeyCall): Promise<Response> {
    const made = await createApiKey(keys, await readJson(KeyRequest, request));
    return answerJson(made, 201);
  }

  async function withSpent(key: KeyView): Promise<OwnKey> {
    const { items, lamports: spent } = await keys.spent(key.id);
    return { ...key, spent: { items, lamports: lamports(spent) } };
  }

  async function revoke({ param, key }: KeyCall): Promise<void> {
    const id = idOf(param('key'));
    if (id === key.id) {
      return reject('request-invalid', 'a key cannot revoke itself; use another operator key');
    }
    if (!(await keys.revoke(id, instant(Date.now())))) return unknown(id);
  }

  async function share({ request, param, key }: KeyCall): Promise<void> {
    const owner = idOf(param('key'));
    if (owner !== key.id && key.role !== 'operator') {
      return reject('key-forbidden', 'only the operator shares the jobs of other keys');
    }
    const { with: other, access } = await readJson(ShareRequest, request);
    const strange = await keys.share(owner, other, access);
    if (strange !== undefined) return unknown(strange);
  }

  return [
    operator(
      'GET /v1/keys',
      { does: 'Lists all keys, the oldest first.', answers: { 200: json({ KeyList }) } },
      async () => ({ keys: await keys.list() }),
    ),
    operator(
      'POST /v1/keys',
      {
        does: 'Makes a key; its text is shown here alone.',
        body: json({ KeyRequest }),
        answers: { 201: json({ NewKey }) },
      },
      make,
    ),
    operator(
      'DELETE /v1/keys/:key',
      { does: 'Revokes a key, for good.', answers: { 204: NOTHING } },
      revoke,
    ),
    reader(
      'GET /v1/key',
      {
        does: 'Shows the key of the call, and what its jobs came to.',
        answers: { 200: json({ OwnKey }) },
      },
      ({ key }) => withSpent(key),
    ),
    operator(
      'GET /v1/keys/:key',
      {
        does: 'Shows a key, and what its jobs came to.',
        answers: { 200: json({ OwnKey }) },
      },
      async ({ param }) => {
        const id = idOf(param('key'));
        const found = (await keys.list()).find((each) => each.id === id);
        return found === undefined ? unknown(id) : withSpent(found);
      },
    ),
    writer(
      'PUT /v1/keys/:key/shared',
      {
        does: 'Says what another key may do with the jobs of this one.',
        body: json({ ShareRequest }),
        answers: { 204: NOTHING },
      },
      share,
    ),
  ];
}

const idOf = (text: string): DeveloperId => {
  const id = decodeWith(DeveloperId, text, 'key-unknown');
  return id.ok ? id.value : unknown(text);
};

const unknown = (id: string): never =>
  reject('key-unknown', `this hub has no key ${id}; GET /v1/keys lists them`);
