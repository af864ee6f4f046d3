import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Refusal } from '#protocol/values/refusal.ts';
import { formatSentence } from '../../core/format.ts';

/** A refusal as a person reads it: the sentence, the field, the code for a search. */
export function Refused({ refusal, children }: { refusal: Refusal; children?: ComponentChildren }) {
  const note = useRef<HTMLDivElement>(null);
  // The button that was pressed may be a screen away from the answer.
  useEffect(() => note.current?.scrollIntoView({ block: 'nearest' }), [refusal]);
  return (
    <div
      ref={note}
      class="note note-bad"
      role="alert"
      data-testid="refusal"
      data-code={refusal.code}
    >
      <p>
        {formatSentence(refusal.message)}{' '}
        <code class="soft small block">
          {refusal.code}
          {refusal.path ? ` · ${refusal.path}` : ''}
        </code>
      </p>
      {children}
    </div>
  );
}
