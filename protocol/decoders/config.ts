/**
 * The shape of a decoder of the Llama family, named as `config.json` of Hugging Face transformers
 * names it (`LlamaConfig`).
 */
export interface DecoderConfig {
  hidden_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  /** Heads of keys and values; each serves as many heads of queries as the quotient says. */
  num_key_value_heads: number;
  intermediate_size: number;
  vocab_size: number;
  rms_norm_eps: number;
  rope_theta: number;
  /** The most tokens of a text: so many rows have the tables of rotary positions. */
  max_position_embeddings: number;
  /** The head is the embedding, transposed: there is no `lm_head.weight`. */
  tie_word_embeddings: boolean;
  /** Where it is not hidden size ÷ heads. */
  head_dim?: number;
}

/**
 * How linear layers compute: `f32`, or `int8row` with weights of 8 bits by output row and activations
 * of 8 bits by token, so that no row of the result depends on another token.
 */
export type DecoderPrecision = 'f32' | 'int8row';

/**
 * Gives the weights of that name, row-major [out, in], or [size] of a norm. Names are those of
 * transformers, such as `model.layers.0.self_attn.q_proj.weight`; each is asked for once.
 */
export type DecoderWeights = (name: string) => Float32Array;

/** Numbers of one head. */
export const headSize = ({ head_dim, hidden_size, num_attention_heads }: DecoderConfig): number =>
  head_dim ?? hidden_size / num_attention_heads;
