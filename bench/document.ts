const END = '<!-- end -->';

/**
 * Puts a report between the marks of a document, which name the command that wrote it. Throws where
 * they are missing.
 */
export function replaceReport(document: string, command: string, report: string): string {
  const mark = `<!-- begin: ${command} -->`;
  const begin = document.indexOf(mark);
  const end = document.indexOf(END, begin);
  if (begin < 0 || end < begin) throw new Error(`the document has no ${mark} … ${END}`);
  return `${document.slice(0, begin + mark.length)}\n\n${report}\n${document.slice(end)}`;
}
