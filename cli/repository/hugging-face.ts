import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { readFirst } from '#client/body.ts';
import { decodeJson } from '#protocol/values/decode.ts';
import { fault, must, type PocketgridError } from '#protocol/values/refusal.ts';
import { Count } from '#protocol/values/units.ts';
import { cacheFolder } from '../folders.ts';
import { showBytes } from '../show-bytes.ts';
import type { World } from '../world.ts';
import { download } from './download.ts';
import { type FileServer, openFile } from './http-file.ts';
import type { Entry, Repository } from './repository.ts';

/** The public server, where HF_ENDPOINT names no other. */
const ENDPOINT = 'https://huggingface.co';
const SILENCE_MS_MAX = 30_000;
const LIST_BYTES_MAX = 32 * 1024 * 1024;
/** A file whose size the server does not say. */
const FILE_BYTES_MAX = 2 * 1024 ** 3;
const TITLE = /^hf:([\w.-]{1,96}(?:\/[\w.-]{1,96})?)(?:@([^\s@]{1,200}))?$/;

/** What is read of an answer of `/api/models/…/revision/…`; more may stand in it. */
const Listing = v.object({
  id: v.string(),
  sha: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/, 'expected a commit')),
  siblings: v.array(
    v.object({
      rfilename: v.string(),
      size: v.optional(Count),
      lfs: v.nullish(v.object({ sha256: v.optional(v.string()), size: v.optional(Count) })),
    }),
  ),
});

/** What stands in the place of the network's own times, for tests. */
export interface Pace {
  silenceMs?: number;
  pauseMs?: number;
}

/** Opens a repository `hf:OWNER/NAME[@REVISION]`, its revision resolved to a commit. */
export async function openHuggingFace(
  title: string,
  world: World,
  pace: Pace = {},
): Promise<Repository> {
  const [, id = '', revision = 'main'] = TITLE.exec(title) ?? [];
  if (id === '') {
    const message = `expected a repository such as hf:Xenova/all-MiniLM-L6-v2 or hf:OWNER/NAME@REVISION, not ${title}`;
    throw fault('request-invalid', message);
  }
  const server: FileServer = {
    endpoint: readEndpoint(world.env['HF_ENDPOINT']),
    token: world.env['HF_TOKEN']?.trim() || undefined,
    silenceMs: pace.silenceMs ?? SILENCE_MS_MAX,
  };
  const listing = await readListing(server, { id, revision, title }, world.signal);
  const { sha } = listing;
  const folder = join(cacheFolder(world.env), 'models', id.replace('/', '--'), sha);
  return {
    title: `hf:${id}@${revision}`,
    name: id,
    revision: sha,
    entries: listing.siblings.flatMap(toEntry),
    async fetch(entry) {
      const file = join(folder, entry.path);
      const size = entry.bytes === undefined ? '' : ` of ${showBytes(entry.bytes)}`;
      const wanted = {
        ...entry,
        ...{ server, file, bytesMax: FILE_BYTES_MAX },
        explain: (response: Response) => explain(response, server, { id, revision, title }),
        path: `/${id}/resolve/${sha}/${entry.path.split('/').map(encodeURIComponent).join('/')}`,
      };
      await download(wanted, {
        signal: world.signal,
        show: (bytes) => world.show(`${entry.path}: ${showBytes(bytes)}${size}`),
        ...(pace.pauseMs !== undefined && { pauseMs: pace.pauseMs }),
      });
      world.show('');
      return file;
    },
    forget: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A name becomes a path on this disk: one with a step up, or a hidden part, is left out. */
const toEntry = ({
  rfilename,
  size,
  lfs,
}: v.InferOutput<typeof Listing>['siblings'][number]): Entry[] => {
  const bytes = lfs?.size ?? size;
  if (!rfilename.split('/').every((part) => /^[^.\\:\p{Cc}][^\\:\p{Cc}]*$/u.test(part))) return [];
  return [
    {
      path: rfilename,
      ...(bytes !== undefined && { bytes }),
      ...(lfs?.sha256 !== undefined && { sha256: lfs.sha256 }),
    },
  ];
};

function readEndpoint(text: string | undefined): URL {
  const url = URL.canParse(text || ENDPOINT) ? new URL(text || ENDPOINT) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw fault('request-invalid', `HF_ENDPOINT is ${text}; expected an address such as ${ENDPOINT}`);
}

interface Asked {
  id: string;
  revision: string;
  title: string;
}

async function readListing(
  server: FileServer,
  asked: Asked,
  signal: AbortSignal,
): Promise<v.InferOutput<typeof Listing>> {
  const { id, revision } = asked;
  const path = `/api/models/${id}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const { response, close } = await openFile(server, path, { signal });
  try {
    if (!response.ok) throw explain(response, server, asked);
    const { bytes, isCut } = await readFirst(response, LIST_BYTES_MAX);
    if (isCut) throw fault('model-too-big', `${asked.title} has too many files to list`);
    return must(decodeJson(Listing, new TextDecoder().decode(bytes), 'download-failed'));
  } finally {
    close();
  }
}

/** Servers say in a header what is missing; a mirror may give a status alone. */
function explain(response: Response, server: FileServer, asked: Asked): PocketgridError {
  const { id, revision, title } = asked;
  const { host } = server.endpoint;
  const said = response.headers.get('x-error-code') ?? '';
  const isHidden = response.status === 401 || response.status === 403;
  if (said === 'GatedRepo') {
    const way = server.token === undefined ? 'set HF_TOKEN' : 'let the account of HF_TOKEN do so';
    const message = `${id} is gated: accept its terms at ${new URL(`/${id}`, server.endpoint)} and ${way}`;
    return fault('key-forbidden', message);
  }
  if (said === 'RevisionNotFound') {
    const message = `${id} has no revision ${revision}; name a branch, a tag or a whole commit: hf:${id}@main`;
    return fault('model-unknown', message);
  }
  if (isHidden || response.status === 404) {
    const way =
      server.token === undefined
        ? 'for a private or gated one set HF_TOKEN'
        : 'HF_TOKEN may be wrong, or not allowed to read it';
    const message = `${host} shows no repository ${title}; check its name and revision; ${way}`;
    return fault(
      isHidden && server.token !== undefined ? 'key-forbidden' : 'model-unknown',
      message,
    );
  }
  const code =
    response.status === 429 || response.status >= 500 ? 'download-failed' : 'model-unknown';
  return fault(code, `${host} answered ${response.status} for ${title}; try again later`);
}
