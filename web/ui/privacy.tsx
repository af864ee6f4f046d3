import { t } from '@lingui/core/macro';
import { say } from '../core/language.ts';
import { PRIVACY } from '../core/privacy.ts';

/** What is known of a device, who sees it and when it goes, in plain words. */
export function Privacy() {
  return (
    <article class="prose" data-testid="privacy">
      <h1>{t`Privacy`}</h1>
      <p class="lead">
        {t`What a grid knows of your device, who sees it, and when it goes. A test shows each of these sentences.`}
      </p>
      {PRIVACY.map(({ topic, sentences }) => (
        <section key={topic.id} class="card">
          <h2>{say(topic)}</h2>
          <ul class="stack">
            {sentences.map(({ id, text }) => (
              <li key={id} id={id}>
                {say(text)}
              </li>
            ))}
          </ul>
        </section>
      ))}
      <p>
        <a class="button" href="/">
          {t`Back to the first page`}
        </a>
      </p>
    </article>
  );
}
