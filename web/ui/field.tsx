import { useEffect, useState } from 'preact/hooks';
import { drawGlyph, drawShare, FIELD_SIDE } from '../core/glyphs.ts';

const GLYPH_MS = 2_800;

/**
 * The picture on the page: 8 × 8 cells. Before the start it draws digits as coarse as those of the
 * sample job; at work each cell stands for a sixty-fourth of the shard. Decoration: the same is said in words.
 */
export function Field({ mode, share }: { mode: 'glyphs' | 'waiting' | 'share'; share: number }) {
  const [step, setStep] = useState(0);
  useEffect(() => {
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (mode !== 'glyphs' || still) return undefined;
    const timer = setInterval(() => setStep((now) => now + 1), GLYPH_MS);
    return () => clearInterval(timer);
  }, [mode]);

  const cells = mode === 'glyphs' ? drawGlyph(step) : drawShare(mode === 'share' ? share : 0);
  return (
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
  );
}
