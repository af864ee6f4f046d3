import { addReasons, addSentences } from '../core/language.ts';
import * as reasons from './en/reasons.ts';

// Vitest runs this before each test file of the page: sentences are there in English, in the code.
addSentences('en', {});
addReasons('en', reasons);
