import { useEffect, useState } from 'preact/hooks';
import { drawGlyph, drawShare, FIELD_SIDE } from '../core/glyphs.ts';

/** Three changes, then it rests: what moves for longer than 5 s needs a switch (WCAG 2.2.2). */
const GLYPH_MS = 1_200;
const GLYPH_CHANGES = 3;

/**
 * The picture on the page: 8 × 8 cells. Before the start it draws digits as coarse as those of the
 * sample job; at work each cell stands for a sixty-fourth of the shard. The caption says it in
 * words.
 */
export function Field({
  mode,
  share,
  caption,
}: {
  mode: 'glyphs' | 'waiting' | 'share';
  share: number;
  caption: string;
}) {
  const [step, setStep] = useState(0);
  useEffect(() => {
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (mode !== 'glyphs' || still || step >= GLYPH_CHANGES) return undefined;
    const timer = setTimeout(() => setStep(step + 1), GLYPH_MS);
    return () => clearTimeout(timer);
  }, [mode, step]);

  const cells = mode === 'glyphs' ? drawGlyph(step) : drawShare(mode === 'share' ? share : 0);
  return (
    <figure class="picture">
      <div class={`field field-${mode}`} aria-hidden="true">
        {cells.map((ink, cell) => (
          <i
            key={cell}
            style={{
              '--full': ink.toFixed(2),
              '--turn': (cell % FIELD_SIDE) + Math.floor(cell / FIELD_SIDE),
            }}
          />
        ))}
      </div>
      <figcaption>{caption}</figcaption>
    </figure>
  );
}
