import type { ComponentChildren } from 'preact';
import type { Refusal } from '#protocol/refusal.ts';

/** A refusal as a person reads it: the sentence, the field, the code for a search or a bug report. */
export function Refused({ refusal, children }: { refusal: Refusal; children?: ComponentChildren }) {
  return (
    <div class="note note-bad" role="alert" data-testid="refusal" data-code={refusal.code}>
      <p>
        {refusal.message}{' '}
        <code class="soft small block">
          {refusal.code}
          {refusal.path ? ` · ${refusal.path}` : ''}
        </code>
      </p>
      {children}
    </div>
  );
}
