import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readIfThere } from '#node/files.ts';
import { openTestFolder } from '#node/test-folder.ts';
import { readBlocks } from './blocks.ts';
import { writePage } from './page-script.ts';
import { openWorkplace, runPage } from './workplace.ts';

const data = openTestFolder();
const server = createServer(({ url }, response) => {
  response.statusCode = url === '/refused' ? 404 : 200;
  response.end(`answer to ${url}\n`);
});
let port = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = String((server.address() as AddressInfo).port);
});
afterAll(() => server.close());

let count = 0;
async function run(page: string) {
  count += 1;
  const folder = join(data, String(count));
  const hub = { port, key: 'pg_key' };
  await openWorkplace(folder, hub);
  const script = writePage(readBlocks('page.md', page), { python: undefined, ts: 'cat' });
  const ran = await runPage(script, { folder, hub, timeoutMs: 30_000 });
  return { ...ran, folder, left: script.left };
}
const sh = (text: string) => `\`\`\`sh\n${text}\n\`\`\`\n`;

it('blocks of a page run one after another in one shell, in a copy of the repository', async () => {
  const page = `${sh('export NAME=$(cat data/keys/operator.key)\nls public/sample > list.txt')}
${sh('curl -sS http://127.0.0.1:8787/$NAME')}\n\`\`\`ts\ntext\n\`\`\`\n\`\`\`python\npass\n\`\`\`\n`;
  const { code, text, folder, left } = await run(page);
  expect([code, text]).toEqual([
    0,
    expect.stringContaining('answer to /pg_key\n@@ block page.md:'),
  ]);
  expect(text.endsWith('text\n')).toBe(true);
  expect(await readFile(join(folder, 'list.txt'), 'utf8')).toContain('digits.onnx');
  expect(left).toMatchObject([{ block: { lang: 'python' }, reason: 'nothing here runs python' }]);
});

it.each([
  ['fails', 'false'],
  ['is refused', 'curl -sS $HUB/refused'],
  ['fails in a pipe', 'curl -sS $HUB/refused | cat'],
])('a page ends where a command %s', async (_, command) => {
  const { code, at, text } = await run(`${sh('echo one')}${sh(command)}${sh('echo three')}`);
  expect(code).not.toBe(0);
  expect(at).toBe('page.md:4');
  expect(text).not.toContain('three');
});

it('programs that stay up are waited for, and end with the page', async () => {
  const program = `process.on("SIGTERM", () => process.exit(fs.writeFileSync("ended", "yes")));
console.log("up"); setInterval(() => {}, 1000);`;
  const page = `${sh(`cat > program.js <<'END'\n${program}\nEND`)}
<!-- stays up; ready at: up -->\n${sh('node -e "$(cat program.js)" | cat   # a comment')}${sh('echo then')}`;
  const { code, text, folder } = await run(page);
  expect([code, text]).toEqual([0, expect.stringContaining('then')]);
  await expect.poll(() => readIfThere(join(folder, 'ended'))).toEqual(Buffer.from('yes'));
  const silent = await run(`<!-- stays up; ready at: never -->\n${sh('echo no')}`);
  expect(silent).toMatchObject({
    code: 1,
    text: expect.stringContaining('it never printed never'),
  });
});
