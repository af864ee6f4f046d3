import fc from 'fast-check';
import * as v from 'valibot';
import { expect, it } from 'vitest';
import { ContributorMessage } from '#protocol/messages/control.ts';
import { PeerSignal } from '#protocol/messages/signalling.ts';
import { fakeMessages, spoiledMessages } from './fake-messages.ts';

const SEED = 12;
const share = (schema: v.GenericSchema, messages: fc.Arbitrary<unknown>): number => {
  const all = fc.sample(messages, { seed: SEED, numRuns: 2_000 });
  return all.filter((message) => v.is(schema, message)).length / all.length;
};

it.each([
  ['control', ContributorMessage],
  ['signalling', PeerSignal],
])('messages made from the schema of %s are taken often, and spoiled ones are not', (_, schema) => {
  expect(share(schema, fakeMessages(schema))).toBeGreaterThan(0.25);
  expect(share(schema, spoiledMessages(schema))).toBeLessThan(0.4);
  // Each message of a schema comes up.
  const types = fc.sample(fakeMessages(schema), { seed: SEED, numRuns: 2_000 });
  const told = new Set(types.map((message) => (message as { type: string }).type));
  expect(told.size).toBe(schema.options.length);
});
