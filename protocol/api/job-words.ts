import type { TaskName } from '../tasks/task.ts';

/** What jobs are about, roughly; their schema is `JobCategory`. */
export const JOB_CATEGORIES = ['language', 'vision', 'audio', 'science', 'other'] as const;

/** Words of one language on what a job is for. */
export interface JobWords {
  byTask: Readonly<Record<TaskName, string>>;
  /** Of a job without a task. */
  ofNumbers: string;
  withModel(does: string, model: string): string;
}

/** Says in a language what a job computes, as a sentence without its full stop: its developer's, or one by its task. */
export const purposeIn =
  ({ byTask, ofNumbers, withModel }: JobWords) =>
  (about: { purpose?: string; task?: TaskName; model?: string }): string => {
    const { purpose, task, model } = about;
    if (purpose !== undefined) return purpose;
    const does = task === undefined ? ofNumbers : byTask[task];
    return model === undefined ? does : withModel(does, model.replace(/@.*/, ''));
  };

const BY_TASK: JobWords['byTask'] = {
  'feature-extraction': 'Turns sentences into vectors',
  'text-classification': 'Sorts texts into classes',
  'token-classification': 'Finds names and other parts of texts',
  'fill-mask': 'Fills in words that are left out',
  'zero-shot-classification': 'Says which of some topics texts are about',
  'text-ranking': 'Ranks texts by how well they answer a question',
  'text-generation': 'Writes texts',
  'image-classification': 'Says what pictures show',
  'image-feature-extraction': 'Turns pictures into vectors',
  'object-detection': 'Finds things in pictures',
};

/** What a job computes, in English. */
export const describePurpose = purposeIn({
  byTask: BY_TASK,
  ofNumbers: 'Runs a model on numbers',
  withModel: (does, model) => `${does} with ${model}`,
});

/** Who posted a job, in words. */
export const describeDeveloper = ({ developerName }: { developerName?: string }): string =>
  developerName ?? 'the operator';
