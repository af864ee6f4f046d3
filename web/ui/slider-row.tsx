/** A slider with its name, its value in words, and one sentence on what it does. */
export function SliderRow(props: {
  name: string;
  says: string;
  value: number;
  shown: string;
  least: number;
  most: number;
  step: number;
  set: (value: number) => void;
}) {
  return (
    <label class="row">
      <span>
        {props.name}: <strong>{props.shown}</strong>
        <span class="soft small block">{props.says}</span>
      </span>
      <input
        type="range"
        class="slider"
        min={props.least}
        max={props.most}
        step={props.step}
        value={props.value}
        aria-valuetext={props.shown}
        onInput={(event) => props.set(event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}
