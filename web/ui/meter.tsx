/** A bar that fills, with its words. `part` of the filled `share` is of another kind. */
export function Meter(props: {
  name: string;
  share: number;
  label: string;
  note?: string | undefined;
  part?: number | undefined;
  id: string;
}) {
  const percent = Math.round(props.share * 100);
  return (
    <div class="meter" data-testid={props.id}>
      <div class="meter-words">
        <span>{props.name}</span>
        <span class="number">{props.label}</span>
      </div>
      <div
        class="meter-track"
        role="progressbar"
        aria-label={props.name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={props.label}
      >
        <i class="meter-fill" style={{ inlineSize: `${props.share * 100}%` }}>
          {props.part === undefined ? null : <b style={{ inlineSize: `${props.part * 100}%` }} />}
        </i>
      </div>
      {props.note === undefined ? null : <p class="soft small">{props.note}</p>}
    </div>
  );
}
