import { decodeBase64 } from '#protocol/bytes/base64.ts';
import { EmbeddingAnswer, TEXTS_MAX } from '#protocol/openai/embeddings.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';
import type { CallOptions, HubClient } from './client.ts';

/** How long a chunk may take: the hub makes a job of it, which waits for devices. */
const WAIT_SECONDS = 600;
/** What the network may add to that. */
const MARGIN_MS = 30_000;

/** Texts and the model that makes vectors of them. */
export interface EmbeddingTexts {
  model: string;
  texts: readonly string[];
  /** How many numbers of each vector; it has length 1 then. */
  dimensions?: number;
}

/**
 * Makes a vector of each text, in their order. Many texts go one chunk after another; the first that
 * is refused ends it. None has an idempotency key: the answers that a hub keeps are better those of
 * calls that move jobs.
 */
export async function embed(
  hub: HubClient,
  { model, texts, dimensions }: EmbeddingTexts,
  options?: CallOptions,
): Promise<Result<Float32Array[]>> {
  const found: Float32Array[] = [];
  for (let from = 0; from < texts.length; from += TEXTS_MAX) {
    const input = texts.slice(from, from + TEXTS_MAX);
    const json = {
      ...{ model, input, encoding_format: 'base64' },
      ...(dimensions !== undefined && { dimensions }),
    };
    const call = {
      method: 'POST' as const,
      timeoutMs: WAIT_SECONDS * 1_000 + MARGIN_MS,
      ...options,
      headers: { prefer: `wait=${WAIT_SECONDS}`, ...options?.headers },
      json,
    };
    const answer = await hub.ask(EmbeddingAnswer, '/v1/embeddings', call);
    if (!answer.ok) return answer;
    const vectors = decodeVectors(answer.value, input.length);
    if (!vectors.ok) return vectors;
    found.push(...vectors.value);
  }
  return accept(found);
}

function decodeVectors({ data }: EmbeddingAnswer, count: number): Result<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (const { index, embedding } of data) {
    const bytes = decodeBase64(embedding);
    if (!bytes.ok) return bytes;
    if (index !== vectors.length || bytes.value.length % 4 !== 0) break;
    vectors.push(decodeFloats(bytes.value));
  }
  if (vectors.length === count) return accept(vectors);
  const message = `The hub gave ${vectors.length} vectors in order for ${count} texts; look at its log, then try again.`;
  return refuse('message-malformed', message);
}

/** Little-endian 32-bit floats, whatever the order of this machine. */
function decodeFloats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / 4 }, (_, at) => view.getFloat32(4 * at, true));
}
