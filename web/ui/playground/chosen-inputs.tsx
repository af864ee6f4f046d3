import { t } from '@lingui/core/macro';
import { useState } from 'preact/hooks';
import { isPictureTask, type TaskName } from '#protocol/tasks/task.ts';
import { type Refusal, refusal } from '#protocol/values/refusal.ts';
import { formatBytes } from '../../core/format.ts';
import { describeStranger, isInputOf, nameInputs } from '../../core/input-kinds.ts';
import type { DashboardActions, NamedFile } from '../dashboard/actions.ts';
import { DropField } from '../dashboard/drop-field.tsx';
import { DrawPad } from './draw-pad.tsx';
import { Picture } from './picture.tsx';

/** Files of inputs: of a task of texts one or more, of one of pictures photos or a drawing. */
export function ChosenInputs(props: {
  task: TaskName | undefined;
  files: readonly NamedFile[];
  actions: Pick<DashboardActions, 'readFileKind'>;
  onFiles(files: readonly NamedFile[]): void;
  onRefused(refusal: Refusal | undefined): void;
}) {
  const { task, files, actions, onFiles, onRefused } = props;
  const [isDrawing, setDrawing] = useState(false);
  const canDraw = task === undefined || isPictureTask(task);
  const add = async (list: FileList | null | undefined) => {
    const dropped = [...(list ?? [])];
    const kinds = await Promise.all(dropped.map((file) => actions.readFileKind(file)));
    const odd = kinds.findIndex((kind) => !isInputOf(kind, task));
    const [name, kind] = [dropped[odd]?.name, kinds[odd]];
    if (name !== undefined && kind !== undefined) {
      return onRefused(refusal('input-format', `${name} ${describeStranger(kind, task)}.`, name));
    }
    onRefused(undefined);
    const added = dropped.map((file) => ({ name: file.name, data: file }));
    const names = new Set(added.map((file) => file.name));
    onFiles([...files.filter((file) => !names.has(file.name)), ...added]);
  };
  return (
    <div class="stack">
      <DropField
        title={canDraw ? t`Drop files here, or tap to choose` : t`Or drop a file of texts here`}
        hint={t`Takes ${nameInputs(task)}.`}
        accept=""
        multiple
        id="playground-files"
        onFiles={(list) => void add(list)}
      />
      {canDraw ? (
        <button
          type="button"
          class="button"
          aria-expanded={isDrawing}
          onClick={() => setDrawing(!isDrawing)}
        >
          {isDrawing ? t`Draw no more` : t`Draw one instead`}
        </button>
      ) : null}
      {canDraw && isDrawing ? (
        <DrawPad onDrawn={(data) => onFiles([{ name: 'drawing.png', data }])} />
      ) : null}
      {files.length === 0 ? null : (
        <ul class="files">
          {files.map((file) => (
            <li key={file.name}>
              <span class="chosen">
                {canDraw ? <Picture file={file} /> : null}
                <span>
                  <strong>{file.name}</strong>{' '}
                  <span class="soft small">{formatBytes(file.data.size)}</span>
                </span>
              </span>
              <button
                type="button"
                class="button button-quiet"
                aria-label={t`Remove ${file.name}`}
                onClick={() => onFiles(files.filter((each) => each !== file))}
              >
                {t`Remove`}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
