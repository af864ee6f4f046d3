import { TEXTS_MAX } from '#protocol/openai/embeddings.ts';
import type { Label } from '#protocol/tasks/answer.ts';
import type { TaskName } from '#protocol/tasks/task.ts';
import { fault, must } from '#protocol/values/refusal.ts';
import { type ClientOptions, type HubClient, openClient } from './client.ts';
import { embed } from './embeddings.ts';
import { type Item, type Items, isPicture } from './map/chunks.ts';
import { type MapOptions, type Mapped, mapItems } from './map/map-items.ts';
import { whileBusy } from './while-busy.ts';

/** What is asked of a model that makes vectors. */
export interface EmbedOptions {
  /** The id of a model of the hub. */
  model: string;
  /** How many numbers of each vector; it has length 1 then. */
  dimensions?: number;
  signal?: AbortSignal | undefined;
}

/** What is asked of a model that tells classes. */
export interface ClassifyOptions extends Omit<MapOptions, 'task'> {
  /** The id of a model of the hub. */
  model: string;
  /** What texts may be about, for a model of zero-shot-classification. */
  labels?: string[];
  /** How many classes of each item: without it 1 of a text, 5 of a picture, all of `labels`. */
  topK?: number;
}

/** A hub, and what its devices compute. Each call throws a `PocketgridError` where it is refused. */
export interface Grid {
  /** All other calls. */
  hub: HubClient;
  /** A vector of each text, in their order. */
  embed(texts: readonly string[], options: EmbedOptions): Promise<Float32Array[]>;
  /** The likeliest classes of each text or picture, in their order. */
  classify(items: readonly Item[], options: ClassifyOptions): Promise<Label[][]>;
  /** Answers for any number of items, as they come, in the order of the items. */
  map<N extends TaskName = never>(
    model: string,
    items: Items,
    options?: MapOptions<N>,
  ): AsyncGenerator<Mapped<N>, void>;
}

/** Opens a grid by the address of its hub and a key. Nothing is sent before the first call. */
export function openGrid(options: ClientOptions): Grid {
  const hub = openClient(options);
  return {
    hub,
    embed: (texts, asked) => embedAll(hub, texts, asked),
    classify: (items, asked) => classify(hub, items, asked),
    map: (model, items, asked) => mapItems(hub, { model, items }, asked),
  };
}

async function embedAll(
  hub: HubClient,
  texts: readonly string[],
  { model, dimensions, signal }: EmbedOptions,
): Promise<Float32Array[]> {
  const found: Float32Array[] = [];
  for (let from = 0; from < texts.length; from += TEXTS_MAX) {
    const some = texts.slice(from, from + TEXTS_MAX);
    const asked = { model, texts: some, ...(dimensions !== undefined && { dimensions }) };
    const vectors = await whileBusy(signal, () => embed(hub, asked, { signal }));
    signal?.throwIfAborted();
    found.push(...must(vectors));
  }
  return found;
}

async function classify(
  hub: HubClient,
  items: readonly Item[],
  { model, labels, topK, ...options }: ClassifyOptions,
): Promise<Label[][]> {
  const [first] = items;
  if (first === undefined) return [];
  const task = {
    name: taskOf(first, labels),
    ...(labels !== undefined && { labels }),
    ...(topK !== undefined && { topK }),
  };
  const found: Label[][] = [];
  for await (const answer of mapItems(hub, { model, items }, { ...options, task })) {
    if ('error' in answer) {
      const { code, message } = answer.error;
      throw fault(code, `item ${found.length + 1}: ${message}`);
    }
    found.push(answer.labels);
  }
  return found;
}

type ClassTask = 'image-classification' | 'text-classification' | 'zero-shot-classification';

function taskOf(item: Item, labels: readonly string[] | undefined): ClassTask {
  if (isPicture(item)) return 'image-classification';
  return labels === undefined ? 'text-classification' : 'zero-shot-classification';
}
