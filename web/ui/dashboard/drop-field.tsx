import { useState } from 'preact/hooks';

/** Where files are dropped, or chosen with a tap or the keyboard. */
export function DropField(props: {
  title: string;
  hint: string;
  accept: string;
  multiple: boolean;
  id: string;
  onFiles(files: FileList | null | undefined): void;
}) {
  const [over, setOver] = useState(false);
  return (
    <label
      class={`drop ${over ? 'is-over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        props.onFiles(event.dataTransfer?.files);
      }}
    >
      <strong>{props.title}</strong>
      <span class="soft small">{props.hint}</span>
      <input
        type="file"
        multiple={props.multiple}
        accept={props.accept}
        onChange={(event) => {
          props.onFiles(event.currentTarget.files);
          event.currentTarget.value = '';
        }}
        data-testid={props.id}
      />
    </label>
  );
}
