/** The style sheet of the page, in the colours of the app. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#f4f5f0, #101715);
  --surface: light-dark(#ffffff, #18211e);
  --ink: light-dark(#17211d, #ecf1ee);
  --soft: light-dark(#55605b, #a6b3ad);
  --line: light-dark(#d8dcd3, #2d3935);
  --accent: light-dark(#c2410c, #ff9061);
  --good: light-dark(#0c6b52, #6fd3ac);
  --bad: light-dark(#a61b2b, #ff9a9a);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto;
  max-inline-size: 60rem;
  padding: 24px 16px 96px;
  background: var(--paper);
  color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif;
  overflow-wrap: anywhere;
}
h1 { font-size: 1.6rem; line-height: 1.2; }
h2 { margin-block: 40px 8px; font-size: 1.25rem; scroll-margin-block-start: 16px; }
h3 { margin-block: 16px 4px; font-size: 1rem; }
a { color: var(--accent); }
code { font: 0.9em/1.5 ui-monospace, Menlo, Consolas, monospace; }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; }
nav a { padding-block: 10px; }
details {
  margin-block: 8px;
  border: 1px solid var(--line);
  border-radius: 8px;
  background: var(--surface);
}
summary { padding: 12px 16px; cursor: pointer; }
summary code { font-weight: 600; }
summary span { display: block; color: var(--soft); }
summary b { display: inline-block; min-inline-size: 4.2em; color: var(--good); font-size: 0.85em; }
summary b.delete { color: var(--bad); }
summary b.post, summary b.put { color: var(--accent); }
details > div { padding: 0 16px 16px; scroll-margin-block-start: 144px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
pre { margin: 0; padding: 12px; border-radius: 8px; background: var(--paper); white-space: pre-wrap; }
ul { margin: 0; padding-inline-start: 20px; }
dl { margin: 0; }
dt { margin-block-start: 8px; }
dd { margin: 0; padding-inline-start: 16px; color: var(--soft); }
dd dl { border-inline-start: 2px solid var(--line); padding-inline-start: 12px; color: var(--ink); }
i { color: var(--soft); }
`;
