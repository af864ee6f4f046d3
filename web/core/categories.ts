import type { MessageDescriptor } from '@lingui/core';
import { msg } from '@lingui/core/macro';
import type { JobCategory } from '#protocol/api/about.ts';

interface CategoryWords {
  name: MessageDescriptor;
  says: MessageDescriptor;
}

/** What a category of jobs is called, and what belongs to it. */
export const CATEGORY_WORDS: Readonly<Record<JobCategory, CategoryWords>> = {
  language: { name: msg`Language`, says: msg`Texts: what they mean, what they are about.` },
  vision: { name: msg`Vision`, says: msg`Pictures and videos: what they show.` },
  audio: { name: msg`Audio`, says: msg`Speech, music and other sound.` },
  science: { name: msg`Science`, says: msg`Measurements and models of nature.` },
  other: { name: msg`Other`, says: msg`Whatever its developer gave no category.` },
};

/** Categories with their names, as a choice shows them. */
export const CATEGORY_NAMES = Object.entries(CATEGORY_WORDS).map(
  ([category, { name }]) => [category, name] as const,
);
