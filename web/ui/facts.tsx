import type { MessageDescriptor } from '@lingui/core';
import { msg, t } from '@lingui/core/macro';
import { say } from '../core/language.ts';

const FACTS: readonly { title: MessageDescriptor; text: MessageDescriptor }[] = [
  {
    title: msg`What happens`,
    text: msg`Your browser fetches a developer’s model, tests itself on known answers, then computes a few seconds of work at a time. Only models run here, never a developer’s code.`,
  },
  {
    title: msg`What it costs`,
    text: msg`Data: about 4 MB once, then each job’s model, rarely above 100 MB. Use Wi-Fi if yours is counted. Battery: about what a game takes, so plug in for long sessions.`,
  },
  {
    title: msg`When it stops`,
    text: msg`When you tap Stop, lock the screen or look at something else. It works only while you can see it, and the screen stays on meanwhile.`,
  },
  {
    title: msg`What it knows of you`,
    text: msg`Nothing. It sees no photos, files or contacts. A random key, made on this device, is its only name.`,
  },
];

/** What a careful person wants to know before the tap. */
export function Facts() {
  return (
    <section class="facts" aria-labelledby="facts-title">
      <h2 id="facts-title">{t`Before you tap`}</h2>
      <dl>
        {FACTS.map(({ title, text }) => (
          <div key={title.id}>
            <dt>{say(title)}</dt>
            <dd>{say(text)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
