import * as v from 'valibot';
import {
  ChatCompletion,
  ChatCompletionRequest,
  Completion,
  CompletionRequest,
} from '#protocol/openai/completions.ts';
import { PocketgridError } from '#protocol/values/refusal.ts';
import { answerEvents, answerJson, reject } from '../answer.ts';
import { readJson } from '../body.ts';
import { openCallPlaces, REQUESTS } from '../call-places.ts';
import { type Followed, followText } from '../completions/follow-text.ts';
import {
  type AnswerHead,
  openHead,
  type Said,
  sayChunk,
  sayUsage,
  sayWhole,
} from '../completions/say.ts';
import { readWishes, type Wishes, type WritingCall } from '../completions/wishes.ts';
import { json } from '../describe.ts';
import { openAsking } from '../lanes/ask-lane.ts';
import type { Lanes } from '../lanes/lanes.ts';
import { type ApiPorts, type KeyCall, type Route, writer } from '../route.ts';
import { streamBody } from '../stream-body.ts';

const BODY_BYTES_MAX = 1024 * 1024;
const CHAT = {
  does: 'Writes the next turn of a conversation, slice by slice, and streams it where that is asked for. Slices are items of an open job of the key.',
  body: json({ ChatCompletionRequest }),
  answers: { 200: json({ ChatCompletion }) },
};
const TEXT = {
  does: 'Writes how a text goes on, as a conversation is.',
  body: json({ CompletionRequest }),
  answers: { 200: json({ Completion }) },
};

/** Requests of OpenAI's API that have a model write. */
export function completionRoutes(ports: ApiPorts, lanes: Lanes): Route[] {
  const places = openCallPlaces(REQUESTS);
  /** A stream keeps its place until it ends, which is after its answer has begun. */
  const answer = (written: WritingCall) => (call: KeyCall) =>
    new Promise<Response>((resolve, reject) => {
      const work = async () => {
        const { response, ended } = await respond(ports, lanes, { call, written });
        resolve(response);
        await ended;
      };
      places.hold(call.key, work).catch(reject);
    });
  return [
    writer('POST /v1/chat/completions', CHAT, answer('chat')),
    writer('POST /v1/completions', TEXT, answer('text')),
  ];
}

interface Responded {
  response: Response;
  ended?: Promise<void>;
}

async function respond(
  ports: ApiPorts,
  lanes: Lanes,
  { call, written }: { call: KeyCall; written: WritingCall },
): Promise<Responded> {
  const body = await readJson(v.unknown(), call.request, BODY_BYTES_MAX);
  const wishes = readWishes(written, body);
  const { prompt, most, isStream } = wishes;
  const { close, ...asking } = await openAsking(ports, call, wishes.model);
  const texts = wishes.seeds.map((seed, index) => {
    const writing = { asking, prompt: { ...prompt, seed }, most, isStream };
    return followText(ports, lanes, { wishes, index, writing });
  });
  try {
    if (!isStream) {
      const response = await answerWhole(wishes, texts);
      close();
      return { response };
    }
    // What is wrong with a request is told before the stream begins.
    const first = await Promise.all(texts.map((text) => text.next()));
    const { promise: ended, resolve: end } = openPromise();
    const chunks = streamTexts(wishes, texts, first);
    const stream = streamBody(chunks, {
      ended() {
        close();
        end();
      },
    });
    return { response: answerEvents(stream), ended };
  } catch (error) {
    close();
    throw error;
  }
}

function openPromise(): { promise: Promise<void>; resolve(): void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

type Texts = readonly AsyncGenerator<Followed>[];

async function answerWhole(wishes: Wishes, texts: Texts): Promise<Response> {
  const found = await Promise.all(
    texts.map(async (text) => {
      const parts: Followed[] = [];
      for await (const part of text) parts.push(part);
      return parts;
    }),
  );
  const said = found.map(
    (parts, index): Said => ({
      index,
      text: parts.map((part) => part.said.text).join(''),
      finish: parts.at(-1)?.said.finish,
      ...(wishes.logprobs !== undefined && {
        tokens: parts.flatMap((part) => part.said.tokens ?? []),
      }),
    }),
  );
  const all = found.flat();
  const [one] = all;
  if (one === undefined) return reject('internal', 'no text came; look at the log of the hub');
  const head = headOf(wishes, one);
  const items = all.map(({ slice }) => slice.item).join(',');
  const body = { ...sayWhole(wishes.call, head, said), usage: usageOf(all) };
  return answerJson(body, 200, { 'X-Pocketgrid-Job': one.slice.job, 'X-Pocketgrid-Items': items });
}

const headOf = ({ call, model }: Wishes, { slice }: Followed): AnswerHead => ({
  ...openHead(call, model),
  system_fingerprint: slice.fingerprint,
});

function usageOf(all: readonly Followed[]) {
  const tokens = all.reduce((sum, { slice }) => sum + slice.tokens.length, 0);
  return sayUsage(all[0]?.slice.promptTokens ?? 0, tokens);
}

async function* streamTexts(
  wishes: Wishes,
  texts: Texts,
  first: readonly IteratorResult<Followed>[],
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const event = (value: object | string) =>
    encoder.encode(`data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`);
  const { call } = wishes;
  const all: Followed[] = [];
  let head: AnswerHead | undefined;
  try {
    for await (const part of merge(texts, first)) {
      const { index } = part.said;
      if (head === undefined) head = headOf(wishes, part);
      if (call === 'chat' && all.every(({ said }) => said.index !== index)) {
        const role = { index, delta: { role: 'assistant', content: '' }, logprobs: null };
        const object = 'chat.completion.chunk';
        yield event({ ...head, object, choices: [{ ...role, finish_reason: null }] });
      }
      all.push(part);
      yield event(sayChunk(call, head, [part.said]));
    }
    if (wishes.withUsage && head !== undefined) {
      yield event({ ...sayChunk(call, head, []), usage: usageOf(all) });
    }
    yield event('[DONE]');
  } catch (error) {
    if (!(error instanceof PocketgridError)) throw error;
    const { code, message } = error.refusal;
    yield event({ error: { code, message, type: 'server_error', param: null } });
  }
}

/** What comes of several texts, in the order in which it comes. */
async function* merge(
  texts: Texts,
  first: readonly IteratorResult<Followed>[],
): AsyncGenerator<Followed> {
  const next = (at: number, result: Promise<IteratorResult<Followed>>) =>
    result.then((found) => ({ at, found }));
  const open = new Map(first.map((found, at) => [at, next(at, Promise.resolve(found))]));
  while (open.size > 0) {
    const { at, found } = await Promise.race(open.values());
    const text = texts[at];
    if (found.done === true || text === undefined) open.delete(at);
    else {
      yield found.value;
      open.set(at, next(at, text.next()));
    }
  }
}
