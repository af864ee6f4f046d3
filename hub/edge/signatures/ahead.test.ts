import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Signed, signingBytes } from '#protocol/bytes/signature.ts';
import type { PublicKey, Signature } from '#protocol/values/ids.ts';
import type { HubEvent, SocketId } from '../../core/state/events.ts';
import { openVerifyAhead } from './ahead.ts';
import { openSignatureThread } from './thread.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const { x = '' } = publicKey.export({ format: 'jwk' });
const key = Buffer.from(x, 'base64url').toString('hex') as PublicKey;
const signRecord = (record: unknown): Signed => {
  const signature = sign(null, signingBytes('commitment', record), privateKey);
  return { key, context: 'commitment', record, signature: signature.toString('hex') as Signature };
};

type Numbered = Extract<HubEvent, { type: 'received' }> & { id: number };
const beat = (socket: SocketId, id: number): Numbered => ({
  ...{ type: 'received', socket, id },
  message: { type: 'beat' },
});

/** Sockets whose events are posted in turn, some with a signature; checks end in a drawn order. */
const traffic = fc.array(
  fc.record({ socket: fc.integer({ min: 1, max: 3 }), isSigned: fc.boolean() }),
  { maxLength: 30 },
);

it('events of one socket reach the core in their order, with the answer to their own signature', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), traffic, async (scheduler, all) => {
      const signed = new Map<number, Signed>();
      const taken: { socket: SocketId; id: number; isRight: boolean | undefined }[] = [];
      const ahead = openVerifyAhead({
        post(event) {
          const { socket, id } = event as Numbered;
          const own = signed.get(id);
          taken.push({ socket, id, isRight: own && ahead.verify(own) });
        },
        signedIn: (event) => signed.get((event as Numbered).id),
        verify: () => expect.fail('asked anew about what was known'),
        verifyLater: ({ record }) =>
          scheduler.schedule(Promise.resolve((record as { id: number }).id % 2 === 0)),
      });
      for (const [id, { socket, isSigned }] of all.entries()) {
        if (isSigned) signed.set(id, { ...signRecord({ id: 0 }), record: { id } });
        ahead.post(beat(socket, id));
      }
      await scheduler.waitAll();
      for (const socket of [1, 2, 3]) {
        const sent = [...all.entries()].filter(([, each]) => each.socket === socket);
        expect(taken.filter((each) => each.socket === socket)).toEqual(
          sent.map(([id, { isSigned }]) => {
            return { socket, id, isRight: isSigned ? id % 2 === 0 : undefined };
          }),
        );
      }
    }),
  );
});

it('an event without a signature waits for nobody else', () => {
  const taken: HubEvent[] = [];
  const ahead = openVerifyAhead({
    post: (event) => taken.push(event),
    signedIn: (event) => ('socket' in event && event.socket === 1 ? signRecord({}) : undefined),
    verify: () => false,
    verifyLater: () => new Promise(() => undefined),
  });
  const [slow, other, tick] = [beat(1, 1), beat(2, 2), { type: 'tick' as const }];
  for (const event of [slow, other, tick]) ahead.post(event);
  expect(taken).toEqual([other, tick]);
});

it('a question about another record than the one checked ahead is answered anew', async () => {
  const [checked, asked] = [signRecord({ lease: 'a' }), signRecord({ lease: 'b' })];
  const answers: boolean[] = [];
  const ahead = openVerifyAhead({
    post: () => answers.push(ahead.verify({ ...asked, signature: checked.signature })),
    signedIn: () => checked,
    verify: () => false,
    verifyLater: () => Promise.resolve(true),
  });
  ahead.post(beat(1, 1));
  await Promise.resolve();
  expect(answers).toEqual([false]);
});

it('the thread tells right signatures from wrong and malformed ones, many at once', async () => {
  const thread = openSignatureThread();
  const right = signRecord({ at: 1 });
  const wrong: Signed[] = [
    { ...right, record: { at: 2 } },
    { ...right, context: 'verdict' },
    { ...right, signature: 'ff'.repeat(64) as Signature },
    { ...right, signature: 'no hex' as Signature },
    { ...right, key: 'zz' as PublicKey },
  ];
  const answers = await Promise.all([right, ...wrong, right].map(thread.verify));
  expect(answers).toEqual([true, ...wrong.map(() => false), true]);
  expect(await thread.verify(signRecord({ later: true }))).toBe(true);
  await thread.close();
});
