import { useEffect, useState } from 'preact/hooks';
import type { FoundObject } from '../../core/answers.ts';
import type { NamedFile } from '../dashboard/actions.ts';

/** A picture of this device, with a box around each object; nothing where it is no picture. */
export function Picture({
  file,
  objects = [],
}: {
  file: NamedFile;
  objects?: readonly FoundObject[];
}) {
  const [url, setUrl] = useState<string | undefined>(undefined);
  const [isNone, setNone] = useState(false);
  useEffect(() => {
    const made = URL.createObjectURL(file.data);
    setUrl(made);
    setNone(false);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  if (url === undefined || isNone) return null;
  const part = (share: number) => `${share * 100}%`;
  return (
    <span class="shown-picture">
      {/* Its name and what was found in it stand beside it. */}
      <img src={url} alt="" onError={() => setNone(true)} />
      {objects.map(({ label, box: { xmin, ymin, xmax, ymax } }, place) => (
        <span
          key={place}
          class="object-box"
          aria-hidden="true"
          style={{
            ...{ insetInlineStart: part(xmin), insetBlockStart: part(ymin) },
            ...{ inlineSize: part(xmax - xmin), blockSize: part(ymax - ymin) },
          }}
        >
          <b>{label}</b>
        </span>
      ))}
    </span>
  );
}
