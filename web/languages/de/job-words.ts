import type { TaskName } from '#protocol/tasks/task.ts';

const BY_TASK: Readonly<Record<TaskName, string>> = {
  'feature-extraction': 'Macht aus Sätzen Vektoren',
  'text-classification': 'Ordnet Texte in Klassen ein',
  'token-classification': 'Findet Namen und andere Teile von Texten',
  'fill-mask': 'Ergänzt ausgelassene Wörter',
  'zero-shot-classification': 'Sagt, um welche von einigen Themen es in Texten geht',
  'text-ranking': 'Ordnet Texte danach, wie gut sie eine Frage beantworten',
  'image-classification': 'Sagt, was Bilder zeigen',
  'image-feature-extraction': 'Macht aus Bildern Vektoren',
  'object-detection': 'Findet Dinge in Bildern',
};

/** What a job computes, as a sentence without its full stop: its developer's, or one by its task. */
export function describePurpose(about: {
  purpose?: string;
  task?: TaskName;
  model?: string;
}): string {
  const { purpose, task, model } = about;
  if (purpose !== undefined) return purpose;
  const does = task === undefined ? 'Wendet ein Modell auf Zahlen an' : BY_TASK[task];
  return model === undefined ? does : `${does}, mit ${model.replace(/@.*/, '')}`;
}

/** Who posted a job, in words. */
export const describeDeveloper = ({ developerName }: { developerName?: string }): string =>
  developerName ?? 'dem Betreiber';
