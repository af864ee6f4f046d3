/** An 8 × 8 image, each value 0 (paper) to 1 (ink). The label beside it says what it shows. */
export function DigitImage({ pixels }: { pixels: readonly number[] }) {
  return (
    <svg class="digit" viewBox="0 0 8 8" aria-hidden="true" shape-rendering="crispEdges">
      {pixels.map((ink, place) =>
        ink === 0 ? null : (
          <rect
            key={place}
            x={place % 8}
            y={Math.floor(place / 8)}
            width="1"
            height="1"
            fill="currentColor"
            opacity={ink.toFixed(2)}
          />
        ),
      )}
    </svg>
  );
}
