import type { JobOptions } from '#protocol/api/job.ts';
import {
  accept,
  FILE_FAULTS_MAX,
  type FileFault,
  type Refusal,
  type Result,
  refuse,
} from '#protocol/values/refusal.ts';

/** One file's refusal, for the list of an answer. */
export const faultOf = (name: string, { code, message }: Refusal): FileFault => ({
  name: name.slice(0, 200),
  code,
  message,
});

/**
 * Refuses an upload for its bad files, each with its sentence; the first one's code and sentence
 * stand for all. `way` ends the sentence where something can be done beside mending them.
 */
export function refuseFiles(
  [first, ...others]: readonly [FileFault, ...FileFault[]],
  way = '',
): Result<never> {
  const { length } = others;
  const count = length === 0 ? '' : ` (and ${length} more bad ${length === 1 ? 'file' : 'files'})`;
  const refused = refuse(first.code, `${first.message}${count}${way}`, first.name);
  if (refused.ok) return refused;
  const files = [first, ...others].slice(0, FILE_FAULTS_MAX);
  return { ok: false, refusal: { ...refused.refusal, files } };
}

/** Bad files beside so many good ones, where they may be left out; else their refusal. */
export function leaveOut(
  bad: FileFault[],
  good: number,
  { skipBadFiles }: Pick<JobOptions, 'skipBadFiles'>,
): Result<FileFault[]> {
  const [first, ...more] = bad;
  if (first === undefined || (skipBadFiles === true && good > 0)) return accept(bad);
  const way = `; with skipBadFiles the ${good} others are taken`;
  return refuseFiles([first, ...more], good === 0 ? '' : way);
}

/** The result of one file; a refusal names the file. */
export function blameFile<T>(name: string, result: Result<T>): Result<T> {
  if (result.ok) return result;
  const { refusal } = result;
  return { ok: false, refusal: { ...refusal, files: [faultOf(name, refusal)] } };
}
