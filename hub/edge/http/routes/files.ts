import { createReadStream } from 'node:fs';
import * as v from 'valibot';
import {
  FileDeleted,
  FileList,
  FilePurpose,
  FileView,
  type KeptFile,
} from '#protocol/openai/file.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import { must } from '#protocol/values/refusal.ts';
import { answerBody, reject } from '../answer.ts';
import { keepFile } from '../batches/keep-file.ts';
import type { CallPlaces } from '../call-places.ts';
import { count, Files, form, json, raw, word } from '../describe.ts';
import { type FieldBounds, receiveForm } from '../form.ts';
import type { Part } from '../multipart.ts';
import { readCount } from '../query.ts';
import { type ApiPorts, type KeyCall, type Route, reader, writer } from '../route.ts';
import { streamBody } from '../stream-body.ts';

/** The longest input of a batch, as OpenAI's API has it. */
const BATCH_BYTES_MAX = 200 * 1024 ** 2;
/** What one key may keep, so that there is room for others. */
export const FILE_BYTES_OF_KEY_MAX = 16 * 1024 ** 3;
const PAGE = { otherwise: 100, most: 1_000 };
const EXPIRY = ['expires_after[anchor]', 'expires_after[seconds]'] as const;
const EXPIRY_SECONDS = { least: 3_600, most: 2_592_000 };

const FileForm = v.strictObject({
  file: v.pipe(Files, v.maxLength(1)),
  purpose: v.literal('batch'),
  [EXPIRY[0]]: v.exactOptional(v.literal('created_at')),
  [EXPIRY[1]]: v.exactOptional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(EXPIRY_SECONDS.least),
      v.maxValue(EXPIRY_SECONDS.most),
    ),
  ),
});

/** Where a page of OpenAI's lists begins. */
export const AFTER = word('The page begins behind the one of this id.');

const CALLS = {
  add: {
    does: 'Keeps a file: the input of a batch.',
    body: form({ FileForm }),
    answers: { 200: json({ FileView }) },
  },
  list: {
    does: 'Lists the files of this key, the newest first.',
    query: { limit: count('How many the page has at most.', PAGE), after: AFTER },
    answers: { 200: json({ FileList }) },
  },
  view: { does: 'Shows a file.', answers: { 200: json({ FileView }) } },
  content: { does: 'Reads the bytes of a file.', answers: { 200: raw() } },
  remove: { does: 'Removes a file.', answers: { 200: json({ FileDeleted }) } },
};

/** Files of batches, in the shape of OpenAI's API. */
export function fileRoutes(ports: ApiPorts, places: CallPlaces): Route[] {
  const { files } = ports.store;
  const add = ({ request, key, newId }: KeyCall): Promise<FileView> =>
    places.hold(key, async () => {
      const posted = await receiveForm(request, ports.uploads, SHAPE);
      try {
        const {
          path,
          entries: [entry, second],
        } = posted.spools.file;
        if (entry === undefined || second !== undefined) {
          return reject('request-invalid', 'send one file, as `file`', 'file');
        }
        const purpose = decodeWith(FilePurpose, posted.texts.get('purpose'), 'request-invalid');
        if (!purpose.ok || purpose.value !== 'batch') {
          return reject('request-invalid', 'send `purpose=batch` with the file', 'purpose');
        }
        const id = `file-${newId(12)}`;
        const there = await files.find(id);
        if (there !== undefined) return there.view;
        const held = await files.held(key.id);
        if (held + entry.length > FILE_BYTES_OF_KEY_MAX) {
          const message = `the key "${key.name}" keeps ${held} bytes of files, and may keep ${FILE_BYTES_OF_KEY_MAX}; remove some (DELETE /v1/files/…)`;
          return reject('models-full', message);
        }
        const kept = await keepFile(
          { ...ports, seconds: () => secondsOf(ports) },
          {
            id,
            owner: key.id,
            name: entry.name.slice(0, 200),
            purpose: 'batch',
            bytes: createReadStream(path),
            expiresAt: expiryOf(posted.texts, secondsOf(ports)),
          },
        );
        return kept?.view ?? reject('input-empty', `${entry.name} is empty`, 'file');
      } finally {
        await posted.close();
      }
    });

  async function list({ key, query }: KeyCall): Promise<FileList> {
    const limit = readCount(query, 'limit', PAGE);
    const after = query.get('after') ?? undefined;
    const found = await files.list(key.id, { after, limit: limit + 1 });
    const data = found.slice(0, limit).map(({ view }) => view);
    return { object: 'list', data, ...endsOf(data), has_more: found.length > limit };
  }

  async function remove(call: KeyCall): Promise<FileDeleted> {
    const { view } = await findFile(ports, call);
    await files.remove(view.id);
    return { id: view.id, object: 'file', deleted: true };
  }

  async function content(call: KeyCall): Promise<Response> {
    const { blob, view } = await findFile(ports, call);
    const bytes = must(await ports.blobs.stream(blob.root, 0, blob.length));
    return answerBody(streamBody(bytes, { mayGoOn: call.mayGoOn }), {
      'Content-Type': 'application/octet-stream',
      'Content-Length': String(blob.length),
      'Content-Disposition': `attachment; filename="${view.id}.jsonl"`,
    });
  }

  return [
    writer('POST /v1/files', CALLS.add, add),
    reader('GET /v1/files', CALLS.list, list),
    reader('GET /v1/files/:file', CALLS.view, async (call) => (await findFile(ports, call)).view),
    reader('GET /v1/files/:file/content', CALLS.content, content),
    writer('DELETE /v1/files/:file', CALLS.remove, remove),
  ];
}

const BOUNDS: FieldBounds = {
  most: BATCH_BYTES_MAX,
  code: 'input-too-big',
  message: 'the input of a batch has at most 200 MiB; send several',
};
const SHAPE = {
  fields: { file: BOUNDS },
  texts: ['purpose', ...EXPIRY],
  explainPart: ({ field }: Part) =>
    `the form has a part "${field}", and takes \`file\`, \`purpose\` and \`expires_after\` only; leave it out`,
};

/** The file of the path, where it is the key's own or an operator asks. */
export async function findFile(
  { store }: Pick<ApiPorts, 'store'>,
  { param, key }: Pick<KeyCall, 'param' | 'key'>,
): Promise<KeptFile> {
  const file = await store.files.find(param('file'));
  if (file !== undefined && (file.owner === key.id || key.role === 'operator')) return file;
  const id = param('file').slice(0, 100);
  return reject('not-found', `there is no file ${id}; GET /v1/files lists yours`, 'file');
}

/** The first and the last of a page. */
export const endsOf = (data: readonly { id: string }[]) => ({
  first_id: data[0]?.id ?? null,
  last_id: data.at(-1)?.id ?? null,
});

/** Seconds since 1970. */
export const secondsOf = ({ clock }: Pick<ApiPorts, 'clock'>): number => Math.floor(clock() / 1000);

function expiryOf(texts: ReadonlyMap<string, string>, now: number): number | undefined {
  const [anchor, seconds] = EXPIRY.map((name) => texts.get(name));
  if (anchor === undefined && seconds === undefined) return undefined;
  const { least, most } = EXPIRY_SECONDS;
  const count = Number(seconds);
  if (anchor === 'created_at' && Number.isSafeInteger(count) && count >= least && count <= most) {
    return now + count;
  }
  const message = `expires_after is {"anchor":"created_at","seconds":…}, of ${least} to ${most} seconds`;
  return reject('request-invalid', message, 'expires_after');
}
