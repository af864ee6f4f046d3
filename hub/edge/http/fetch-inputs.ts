import { open } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { openDeadline } from '#client/deadline.ts';
import { must, PocketgridError } from '#protocol/values/refusal.ts';
import type { Spool } from '../inputs/spool.ts';
import { reject } from './answer.ts';
import { INPUT_BOUNDS } from './routes/upload.ts';
import { limitSilence } from './silence.ts';
import type { Uploads } from './uploads.ts';
import { callTarget } from './webhooks/call-target.ts';
import { findTarget, type Target, type TargetRules } from './webhooks/targets.ts';

/** From the first look-up of a name to the last byte. */
const FETCH_MS_MAX = 300_000;
const REDIRECTS_MAX = 3;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** What no file of inputs is: the page of a login, most often. */
const PAGES: readonly string[] = ['text/html', 'application/xhtml+xml'];
const FIELD = 'inputsUrl';

/** What fetching needs. */
export interface Fetching {
  uploads: Uploads;
  rules: TargetRules;
  /** Aborted when whoever posts the job has gone. */
  signal: AbortSignal;
}

/**
 * Fetches a file of inputs from an address into an empty spool. Each address on the way is checked
 * like one of a webhook. Throws what is wrong with it.
 */
export async function fetchInputs(
  address: string,
  spool: Pick<Spool, 'path'>,
  { uploads, rules, signal: gone }: Fetching,
): Promise<Spool> {
  const deadline = openDeadline(FETCH_MS_MAX, gone);
  try {
    const { url, answer } = await follow(new URL(address), rules, deadline.signal);
    try {
      checkAnswer(answer);
      const length = await write(answer, spool.path, uploads);
      return { path: spool.path, entries: [{ name: nameOf(url), length }] };
    } finally {
      answer.destroy();
    }
  } catch (error) {
    if (error instanceof PocketgridError) throw error;
    const said = error instanceof Error ? error.message || error.name : String(error);
    const why = deadline.isLate() ? `it took longer than ${FETCH_MS_MAX / 1_000} s` : said;
    return reject(
      'download-failed',
      `the inputs could not be fetched: ${why}`.slice(0, 600),
      FIELD,
    );
  } finally {
    deadline.close();
  }
}

async function follow(
  first: URL,
  rules: TargetRules,
  signal: AbortSignal,
): Promise<{ url: URL; answer: IncomingMessage }> {
  let url = first;
  for (let count = 0; count <= REDIRECTS_MAX; count += 1) {
    const headers = { 'Accept-Encoding': 'identity' };
    const target = await checked(url, rules);
    const answer = await callTarget(target, { method: 'GET', headers, signal });
    const { statusCode = 0, headers: said } = answer;
    if (!REDIRECTS.includes(statusCode) || said.location === undefined) return { url, answer };
    answer.destroy();
    if (!URL.canParse(said.location, url.href)) break;
    url = new URL(said.location, url);
  }
  const message = `the address leads on more than ${REDIRECTS_MAX} times, or to none; give the last one`;
  return reject('download-failed', message, FIELD);
}

async function checked(url: URL, rules: TargetRules): Promise<Target> {
  const target = await findTarget(url, rules);
  if (target.ok) return target.value;
  throw new PocketgridError({ ...target.refusal, path: FIELD });
}

function checkAnswer({ statusCode, headers }: IncomingMessage): void {
  const [type = ''] = (headers['content-type'] ?? '').split(';');
  const coding = headers['content-encoding'] ?? 'identity';
  const length = Number(headers['content-length'] ?? 0);
  if (statusCode !== 200) {
    const message = `the address answers with status ${statusCode}; one that anybody may read without a login, such as a presigned one, answers with 200`;
    return reject('download-failed', message, FIELD);
  }
  if (PAGES.includes(type.trim().toLowerCase())) {
    const message = `the address answers with a page (${type}), not with a file of inputs; give the address of the file itself`;
    return reject('input-format', message, FIELD);
  }
  if (coding !== 'identity') {
    const message = `the file comes packed with ${coding.slice(0, 40)}; keep it as it is there`;
    return reject('input-format', message, FIELD);
  }
  if (length > INPUT_BOUNDS.most) return reject(INPUT_BOUNDS.code, INPUT_BOUNDS.message, FIELD);
}

async function write(answer: IncomingMessage, path: string, uploads: Uploads): Promise<number> {
  const file = await open(path, 'w');
  try {
    let length = 0;
    for await (const chunk of limitSilence<Uint8Array>(answer, uploads.silenceMs)) {
      length += chunk.length;
      if (length > INPUT_BOUNDS.most) return reject(INPUT_BOUNDS.code, INPUT_BOUNDS.message, FIELD);
      const full = await uploads.space.take(chunk.length);
      if (full !== undefined) throw new PocketgridError(full);
      await file.writeFile(chunk);
    }
    must(answer.complete ? { ok: true, value: length } : cutOff);
    return length;
  } finally {
    await file.close();
  }
}

const cutOff = {
  ok: false,
  refusal: {
    code: 'download-failed',
    message: 'the file broke off before its end; post the job again',
    path: FIELD,
  },
} as const;

/** The last part of the path: the format shows in the bytes, and a refusal names the file. */
const nameOf = ({ pathname }: URL): string =>
  (pathname.split('/').at(-1) || 'inputs').slice(0, 200);
