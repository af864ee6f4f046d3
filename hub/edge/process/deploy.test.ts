import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { listRoutes } from '../http/api.ts';
import type { ApiPorts } from '../http/route.ts';
import { openTestHub } from '../test-hub.ts';

const ROOT = join(import.meta.dirname, '../../..');
const server = openTestHub(() => ({}));
const read = (path: string) => readFile(join(ROOT, path), 'utf8');

interface Rule {
  alert: string;
  expr: string;
  annotations: { summary: string; runbook: string };
}
const rules = async (): Promise<Rule[]> =>
  (parse(await read('deploy/alerts.yaml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
    (group) => group.rules,
  );

const asked = async (): Promise<string[]> => {
  const { panels } = JSON.parse(await read('deploy/grafana.json')) as {
    panels: { targets?: { expr: string }[] }[];
  };
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
};

/** The metrics that an expression of Prometheus names; fails on one that is not well-formed. */
function namesOf(expr: string): string[] {
  const names: string[] = [];
  parser.parse(expr).iterate({
    enter({ type, from, to, node }) {
      if (type.isError) throw new Error(`${expr} is wrong at ${from}`);
      if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector') {
        names.push(expr.slice(from, to));
      }
    },
  });
  expect(names.length).toBeGreaterThan(0);
  return names;
}

it('a running hub prints each metric that the dashboard and the alert rules name', async () => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const kinds = new Map(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', kind = '']) => [name, kind]),
  );
  const all = [...(await asked()), ...(await rules()).map(({ expr }) => expr)];
  const named = new Set(all.flatMap(namesOf));
  named.delete('up');
  const missing = [...named].filter((name) => {
    const base = name.replace(/_bucket$/, '');
    return !(kinds.has(name) || kinds.get(base) === 'histogram');
  });
  expect(missing).toEqual([]);
  const shown = [...kinds.keys()].filter((name) => name.startsWith('pocketgrid_'));
  const unseen = shown.filter((name) => !named.has(name) && !named.has(`${name}_bucket`));
  expect(unseen).toEqual([]);
  // Rates are of what only grows.
  for (const expr of all) {
    for (const [, name = ''] of expr.matchAll(/(?:rate|increase)\((\w+)/g)) {
      expect([name, kinds.get(name)]).not.toEqual([name, 'gauge']);
    }
  }
});

it('a running hub has each metric and call that the runbook names', async () => {
  const text = await read('docs/operators.md');
  const printed = await (await fetch(`${server.url}/metrics`)).text();
  const metrics = [...text.matchAll(/pocketgrid_[a-z]\w*/g)].map(([name]) => name);
  expect(metrics.length).toBeGreaterThan(20);
  expect(metrics.filter((name) => !printed.includes(`# TYPE ${name} `))).toEqual([]);
  const ports = { store: { keys: {} }, hub: {}, settlement: {} } as unknown as ApiPorts;
  const routes = listRoutes(ports).map(
    ({ path }) => new RegExp(`^${path.replace(/:\w+(\{[^}]*\})?/g, '[^/]+')}$`),
  );
  const calls = [...text.matchAll(/\/v1\/[\w/:]+/g)].map(([path]) => path);
  const sockets = ['/v1/control', '/v1/signal'];
  const missing = calls.filter((path) => !routes.some((route) => route.test(path)));
  expect(missing.filter((path) => !sockets.includes(path))).toEqual([]);
  expect(calls.length).toBeGreaterThan(10);
});

it('each alert leads to a symptom of the runbook', async () => {
  const headings = [...(await read('docs/operators.md')).matchAll(/^#+ (.*)$/gm)].map(
    ([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
  );
  const found = await rules();
  expect(found.length).toBeGreaterThan(10);
  for (const { alert, annotations } of found) {
    const [file, anchor = ''] = annotations.runbook.split('#');
    expect([alert, file, headings.includes(anchor)]).toEqual([alert, 'docs/operators.md', true]);
  }
});
