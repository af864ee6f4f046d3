/**
 * For Preact's plugin: sentences of the page become calls of `web/core/language.ts` where it is
 * compiled; in the built page with their ids alone.
 */
export const SENTENCES = {
  include: [/\/web\/(main\.tsx|(core|edge|ui|languages)\/.*\.tsx?)$/],
  babel: { plugins: ['@lingui/babel-plugin-lingui-macro'] },
};
