import type { HtmlTagDescriptor, Plugin } from 'vite';

/** The page's own scripts and styles are asked for by the document, not by the script that starts it. */
export const preloadPage: Plugin = {
  name: 'preload-page',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler(_, { bundle = {} }) {
      const chunks = Object.values(bundle).filter((file) => file.type === 'chunk');
      const main = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith('/web/main.tsx'));
      const page = chunks.find(({ name }) => name === 'page');
      if (main === undefined || page === undefined) throw new Error('the build has no page');
      const links = [main, page].map(({ fileName }) => link('modulepreload', fileName));
      const styles = [...(page.viteMetadata?.importedCss ?? [])];
      return [...links, ...styles.map((file) => link('stylesheet', file))];
    },
  },
};

const link = (rel: string, file: string): HtmlTagDescriptor => ({
  tag: 'link',
  attrs: { rel, crossorigin: true, href: `/${file}` },
  injectTo: 'head',
});
