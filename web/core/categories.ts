import type { JobCategory } from '#protocol/api/about.ts';

/** What a category of jobs is called, and what belongs to it. */
export const CATEGORY_WORDS: Readonly<Record<JobCategory, { name: string; says: string }>> = {
  language: { name: 'Language', says: 'Texts: what they mean, what they are about.' },
  vision: { name: 'Vision', says: 'Pictures and videos: what they show.' },
  audio: { name: 'Audio', says: 'Speech, music and other sound.' },
  science: { name: 'Science', says: 'Measurements and models of nature.' },
  other: { name: 'Other', says: 'Whatever its developer gave no category.' },
};

/** Categories with their names, as a choice shows them. */
export const CATEGORY_NAMES = Object.entries(CATEGORY_WORDS).map(
  ([category, { name }]) => [category, name] as const,
);
