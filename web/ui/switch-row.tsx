/** A switch with its name, and one sentence on what it does. */
export function SwitchRow(props: {
  name: string;
  says: string;
  on: boolean;
  set: (on: boolean) => void;
}) {
  return (
    <label class="row">
      <span>
        {props.name}
        <span class="soft small block">{props.says}</span>
      </span>
      <input
        type="checkbox"
        class="switch"
        checked={props.on}
        onChange={(event) => props.set(event.currentTarget.checked)}
      />
    </label>
  );
}
