import * as v from 'valibot';
import { answerBody } from '../answer.ts';
import { json, raw } from '../describe.ts';
import { describeApi } from '../openapi/document.ts';
import { PAGE_POLICY, printPage } from '../openapi/page.ts';
import { anyone, type Route } from '../route.ts';

/** OpenAPI 3.1. */
const ApiDescription = v.looseObject({
  openapi: v.string(),
  paths: v.record(v.string(), v.unknown()),
});

/** These routes, and those that describe all of them: for programs and for people. */
export function withDescription(routes: readonly Route[]): Route[] {
  const document = once(() => describeApi(all));
  const text = once(() => JSON.stringify(document()));
  const page = once(() => printPage(document()));
  const all: Route[] = [
    ...routes,
    anyone(
      'GET /v1/openapi.json',
      {
        does: 'Describes this API in OpenAPI 3.1.',
        answers: { 200: json({ ApiDescription }) },
        cost: 5,
      },
      () => answerBody(text(), { 'Content-Type': 'application/json' }),
    ),
    anyone(
      'GET /v1/docs',
      {
        does: 'Shows the description of this API as a page.',
        answers: { 200: raw('text/html') },
        cost: 5,
      },
      async () =>
        answerBody(await page(), {
          'Content-Type': 'text/html; charset=utf-8',
          'Content-Security-Policy': PAGE_POLICY,
          'Referrer-Policy': 'no-referrer',
        }),
    ),
  ];
  return all;
}

/** Makes a value when it is first asked for. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
