import { fault } from '../values/refusal.ts';
import { portableExp, portableLog } from './portable-math.ts';

/** How the next token is drawn from logits. */
export interface Sampling {
  /** 32 bits. The same seed gives the same text. */
  seed: number;
  /** 0 takes the token with the largest logit, the lowest number among equals. */
  temperature: number;
  /** The least set of likeliest tokens whose probabilities sum to this; 1 takes all. */
  topP: number;
  /** The likeliest so many tokens; 0 takes all. */
  topK: number;
}

/** The largest draw: −ln(−ln(1 − 2⁻³³)), rounded up. */
const GUMBEL_MOST = 22.9;

/**
 * Draws the token at `position` of a text: argmax of logit ÷ temperature + Gumbel noise, which is a
 * draw from the softmax. The noise is a hash of seed, position and token, so every machine draws the
 * same for the same logits, and a verifier can tell how far a claimed token lies behind.
 * Source: Gumbel-max, Maddison, Tarlow and Minka, "A* Sampling" (2014), §2. Throws on NaN logits.
 */
export function sampleToken(logits: Float32Array, sampling: Sampling, position: number): number {
  const top = argmax(logits);
  if (sampling.temperature === 0) return top;
  const key = keyOf(sampling.seed, position);
  const largest = logits[top] ?? 0;
  let best = top;
  let bestScore = Number.NEGATIVE_INFINITY;
  const consider = (token: number) => {
    const logit = ((logits[token] ?? 0) - largest) / sampling.temperature;
    if (logit + GUMBEL_MOST < bestScore) return;
    const score = logit + gumbel(key, token);
    if (score <= bestScore) return;
    bestScore = score;
    best = token;
  };
  const allowed = nucleusOf(logits, largest, sampling);
  if (allowed !== undefined) for (const token of allowed) consider(token);
  else for (let token = 0; token < logits.length; token += 1) consider(token);
  return best;
}

/** The place of the largest number; of the first of equals. Throws where one is NaN. */
function argmax(logits: Float32Array): number {
  let best = 0;
  let sum = 0;
  for (let at = 0; at < logits.length; at += 1) {
    const value = logits[at] ?? 0;
    if (value > (logits[best] ?? 0)) best = at;
    sum += value;
  }
  if (!Number.isNaN(sum)) return best;
  throw fault('model-run-failed', 'the model gave NaN for a token; use weights of more bits');
}

/** The tokens with the largest logits, those first, and among equals the lower number. */
export function topTokens(logits: Float32Array, count: number): number[] {
  const found: number[] = [];
  let least = Number.NEGATIVE_INFINITY;
  for (let token = 0; token < logits.length; token += 1) {
    const logit = logits[token] ?? 0;
    if (found.length === count && logit <= least) continue;
    if (found.length === count) found.pop();
    let place = found.length;
    while (place > 0 && (logits[found[place - 1] ?? 0] ?? 0) < logit) place -= 1;
    found.splice(place, 0, token);
    least = logits[found.at(-1) ?? 0] ?? 0;
  }
  return found;
}

/** ln Σ exp(logit): what turns a logit into a log-probability. Summed in the order of tokens. */
export function logSum(logits: Float32Array): number {
  const largest = logits[argmax(logits)] ?? 0;
  let sum = 0;
  for (const logit of logits) sum += portableExp(logit - largest);
  return largest + portableLog(sum);
}

/** Tokens that `topK` and `topP` leave, in falling order of logits; undefined where all stay. */
function nucleusOf(
  logits: Float32Array,
  largest: number,
  { temperature, topP, topK }: Sampling,
): number[] | undefined {
  const isCut = topK > 0 && topK < logits.length;
  if (!isCut && topP >= 1) return undefined;
  const kept = isCut ? topTokens(logits, topK) : sortTokens(logits);
  if (topP >= 1) return kept;
  const weights = kept.map((token) => portableExp(((logits[token] ?? 0) - largest) / temperature));
  const enough = topP * weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  const last = weights.findIndex((weight) => {
    sum += weight;
    return sum >= enough;
  });
  return kept.slice(0, (last === -1 ? kept.length : last) + 1);
}

const sortTokens = (logits: Float32Array): number[] =>
  Array.from(logits.keys()).sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b);

/** Mixes 32 bits. Source: the finaliser of "prospector" hashes (Wellons, 2018), 2 rounds. */
function mix(bits: number): number {
  let mixed = bits ^ (bits >>> 16);
  mixed = Math.imul(mixed, 0x21f0aaad);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed, 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

const keyOf = (seed: number, position: number): number =>
  mix(mix(seed >>> 0) ^ Math.imul(position + 1, 0x9e3779b1));

/** A draw of the standard Gumbel distribution for one token. */
function gumbel(key: number, token: number): number {
  const uniform = (mix(key ^ Math.imul(token + 1, 0x85ebca6b)) + 0.5) / 2 ** 32;
  return -portableLog(-portableLog(uniform));
}
