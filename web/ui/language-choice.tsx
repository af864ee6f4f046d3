import { t } from '@lingui/core/macro';
import { LANGUAGES } from '../core/language-names.ts';
import type { AppModel } from './model.ts';

/** Chooses the language of the page; each is named in its own words, for whoever reads no other. */
export function LanguageChoice({ app }: { app: AppModel }) {
  return (
    <select
      class="language"
      aria-label={t`Language`}
      value={app.language.value}
      onChange={(event) => app.speak(event.currentTarget.value)}
      data-testid="language"
    >
      {LANGUAGES.map(({ code, name }) => (
        <option key={code} value={code} lang={code}>
          {name}
        </option>
      ))}
    </select>
  );
}
