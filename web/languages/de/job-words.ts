import { type JobWords, purposeIn } from '#protocol/api/job-words.ts';

const BY_TASK: JobWords['byTask'] = {
  'feature-extraction': 'Macht aus Sätzen Vektoren',
  'text-classification': 'Ordnet Texte in Klassen ein',
  'token-classification': 'Findet Namen und andere Teile von Texten',
  'fill-mask': 'Ergänzt ausgelassene Wörter',
  'zero-shot-classification': 'Sagt, um welche von einigen Themen es in Texten geht',
  'text-ranking': 'Ordnet Texte danach, wie gut sie eine Frage beantworten',
  'text-generation': 'Schreibt Texte',
  'image-classification': 'Sagt, was Bilder zeigen',
  'image-feature-extraction': 'Macht aus Bildern Vektoren',
  'object-detection': 'Findet Dinge in Bildern',
};

/** What a job computes, in German. */
export const describePurpose = purposeIn({
  byTask: BY_TASK,
  ofNumbers: 'Wendet ein Modell auf Zahlen an',
  withModel: (does, model) => `${does}, mit ${model}`,
});

/** Who posted a job, in words. */
export const describeDeveloper = ({ developerName }: { developerName?: string }): string =>
  developerName ?? 'dem Betreiber';
