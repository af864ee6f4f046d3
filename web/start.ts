import { CATALOGUES, findLanguage } from './languages/catalogues.ts';

// Sentences come beside the page, not after it. Where they do not, the page itself says so.
CATALOGUES[findLanguage()].first().catch(() => undefined);
void import('./main.tsx');
