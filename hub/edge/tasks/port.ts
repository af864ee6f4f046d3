import type { OnnxModel } from '#protocol/onnx/model.ts';
import type { TaskOptions } from '#protocol/tasks/task.ts';
import type { Tensor } from '#protocol/tensors/tensor.ts';
import type { Reason } from '#protocol/values/reason.ts';
import type { FileFault, Result } from '#protocol/values/refusal.ts';
import type { Size } from '../inputs/picture.ts';
import type { Settings } from './repository.ts';
import type { TextItem } from './texts.ts';
import type { TextTokenizer, Tokens } from './tokenizer.ts';

/** What a task says of a model: its settings, and pixels of the pictures of the job. */
export interface AnswerSettings extends Settings {
  /** Of each item, where answers are in pixels. */
  sizes?: readonly Size[];
}

/** What a job was posted for. */
export interface TaskSettings {
  options: TaskOptions;
  settings: AnswerSettings;
}

/** Items of one job that follow each other: what the model gave, and what it was given. */
export interface TaskItems {
  outputs: ReadonlyMap<string, Tensor>;
  /** Empty for a task of pictures. */
  inputs: ReadonlyMap<string, Tensor>;
  /** The number of the first one in the job. */
  from: number;
}

/** Says what the outputs of some items mean, an object each. */
export type Answerer = (items: TaskItems) => object[];

/** A model and its inputs, made for a task. */
export interface Prepared {
  model: OnnxModel;
  /** By input, items first. */
  tensors: Map<string, Tensor>;
  notes: Reason[];
  /** Of the files of pictures. */
  names?: string[];
  leftOut?: FileFault[];
  /** Pixels of each picture, where answers need them. */
  sizes?: Size[];
}

/** What all tasks have. */
export interface Task {
  /** Options beside those that all tasks of these inputs have. */
  options: readonly (keyof TaskOptions)[];
  /** Refuses options that do not go together. */
  checkOptions?(options: TaskOptions): Result<never> | undefined;
  /**
   * The answers to outputs: those of the pipeline of the same name of transformers.js, under one
   * key each, such as `embedding`, `labels`, `tokens`, `score` or `objects`.
   */
  openAnswers(task: TaskSettings): Answerer;
}

/** What the graph of a model of texts gets, beside what the developer and the repository say. */
export interface TextHead extends TaskSettings {
  /** Tokens of a row. */
  length: number;
  /** The token to be found, where the model has one. */
  mask: number | undefined;
}

/** A task of texts. */
export interface TextTask extends Task {
  /** Second texts of an item: it never has one, always, or as it comes. */
  pairs?: 'never' | 'always';
  /** The rows of one item, a second text each; one row without. */
  pairsOf?(options: TaskOptions): readonly string[];
  /** Refuses a text that the task can do nothing with. */
  checkText?(row: Tokens, item: TextItem, tokenizer: TextTokenizer): Result<never> | undefined;
  /**
   * The model with what a phone is to send as its one output: a vector of a text and not those of
   * its tokens, scores of the word to be found and not of all.
   */
  addHead(model: OnnxModel, head: TextHead): Result<OnnxModel>;
}

/** A task of pictures. */
export interface PictureTask extends Task {
  /** Answers need the pixels of the pictures as they came. */
  isSized?(options: TaskOptions): boolean;
  /** The model with what a phone is to send: a vector of a picture and not those of its parts. */
  addHead(model: OnnxModel, task: TaskSettings): Result<OnnxModel>;
}
