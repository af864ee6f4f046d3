import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { readChunks } from '#client/body.ts';
import { hasCode } from '#node/files.ts';
import { fault, PocketgridError } from '#protocol/values/refusal.ts';
import { explainSilence, type FileServer, openFile, readPause } from './http-file.ts';
import type { Entry } from './repository.ts';

const TRIES = 6;
const PAUSE_SECONDS_MAX = 60;
/** Left free on the disk that files go to. */
const FREE_BYTES_MIN = 64 * 1024 * 1024;

/** Where a file is, where it goes, and what is known of it. */
export interface Download extends Pick<Entry, 'bytes' | 'sha256'> {
  server: FileServer;
  path: string;
  /** Its place on this disk; what is there of it lies beside, as `.part`. */
  file: string;
  /** The most bytes it may have, where its size is not known. */
  bytesMax: number;
  /** What an answer without the file means. */
  explain(response: Response): PocketgridError;
}

export interface DownloadOptions {
  signal: AbortSignal;
  /** How many bytes are here. */
  show(bytes: number): void;
  /** The first pause between two tries; each is twice the one before. */
  pauseMs?: number;
  /** What is free on the disk of a folder. */
  freeBytes?: (folder: string) => Promise<number>;
}

/**
 * Brings a file here, whole: goes on where an earlier try ended, its own or one of another day.
 * Throws a `PocketgridError` with what to do, and leaves what came for the next time.
 */
export async function download(wanted: Download, options: DownloadOptions): Promise<void> {
  const { file, bytes } = wanted;
  if (await isWhole(wanted)) return;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const part = `${file}.part`;
  await checkSpace(wanted, part, options);
  for (let tries = 1; ; tries += 1) {
    const pause = await fetchRest(wanted, part, options).catch((error: unknown) => {
      if (options.signal.aborted || !isPassing(error) || tries >= TRIES) throw error;
      return { seconds: 0 };
    });
    if (pause === undefined) break;
    if (tries >= TRIES) {
      throw fault('download-failed', `${wanted.server.endpoint.host} is too busy; try again later`);
    }
    const ownMs = (options.pauseMs ?? 1_000) * 2 ** (tries - 1);
    const askedMs = Math.min(pause.seconds, PAUSE_SECONDS_MAX) * 1_000;
    await sleep(Math.max(ownMs, askedMs), undefined, { signal: options.signal });
  }
  const length = await sizeOf(part);
  const isRight = (bytes ?? length) === length && (await hasDigest(part, wanted.sha256));
  if (!isRight) {
    await rm(part, { force: true });
    const message = `${wanted.path} came as other bytes than ${wanted.server.endpoint.host} lists; it is thrown away, so do the same again`;
    throw fault('blob-hash', message);
  }
  await rename(part, file);
}

/** Fetches what is missing of a file; gives how long to wait where the server asks for that. */
async function fetchRest(
  { server, path, bytes, bytesMax, explain }: Download,
  part: string,
  { signal, show }: DownloadOptions,
): Promise<{ seconds: number } | undefined> {
  let have = await sizeOf(part);
  if (bytes !== undefined && have > bytes) have = 0;
  if (have > 0 && have === bytes) return undefined;
  const headers = have > 0 ? { range: `bytes=${have}-` } : {};
  const { response, heard, close } = await openFile(server, path, { headers, signal });
  try {
    const pause = readPause(response);
    if (pause !== undefined) return pause;
    const isRest =
      response.status === 206 &&
      response.headers.get('content-range')?.startsWith(`bytes ${have}-`) === true;
    if (response.status === 416) {
      // What is here is longer than the file: it is of another one.
      await rm(part, { force: true });
      return { seconds: 0 };
    }
    if (!response.ok || (response.status === 206 && !isRest)) throw explain(response);
    let length = isRest ? have : 0;
    const target = await open(part, isRest ? 'a' : 'w', 0o600);
    try {
      for await (const chunk of readChunks(response)) {
        heard();
        length += chunk.length;
        if (length > (bytes ?? bytesMax)) throw tooLong(path, bytes ?? bytesMax);
        await target.writeFile(chunk);
        show(length);
      }
      await target.sync();
    } finally {
      await target.close();
    }
    if (bytes !== undefined && length < bytes) throw new Error('the answer ended before the file');
    return undefined;
  } catch (error) {
    throw explainBreak(error, server, part);
  } finally {
    close();
  }
}

function explainBreak(error: unknown, { endpoint }: FileServer, part: string): PocketgridError {
  if (error instanceof PocketgridError) return error;
  if (hasCode(error, 'ENOSPC')) return diskFull(part, 'the disk is full');
  return explainSilence(error, endpoint);
}

const isPassing = (error: unknown): boolean =>
  error instanceof PocketgridError && error.refusal.code === 'download-failed';

const tooLong = (path: string, most: number): PocketgridError =>
  fault('model-too-big', `${path} is longer than the ${most} bytes that it may have`);

const diskFull = (part: string, what: string): PocketgridError =>
  fault(
    'disk-full',
    `${what} at ${dirname(part)}; free some space, or name another folder with XDG_CACHE_HOME`,
  );

async function checkSpace(
  { bytes = 0 }: Download,
  part: string,
  { freeBytes = freeOn }: DownloadOptions,
): Promise<void> {
  const missing = bytes - (await sizeOf(part)) + FREE_BYTES_MIN - (await freeBytes(dirname(part)));
  if (missing > 0) throw diskFull(part, `${Math.ceil(missing / 1e6)} MB are missing`);
}

async function freeOn(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

const isWhole = async ({ file, bytes, sha256 }: Download): Promise<boolean> => {
  const length = await sizeOf(file);
  return length > 0 && length === (bytes ?? length) && (await hasDigest(file, sha256));
};

async function hasDigest(file: string, sha256: string | undefined): Promise<boolean> {
  if (sha256 === undefined) return true;
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex') === sha256;
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0;
    throw error;
  }
}
