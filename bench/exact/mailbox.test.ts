import { describe, expect, it } from 'vitest';
import { openMailbox } from './mailbox.ts';

const address = (job: string) => new URL(`http://localhost/exact?job=${job}`);
const post = (message: object) => JSON.stringify(message);

describe('mailbox', () => {
  it('gives the messages of a job up to its end, and leaves those of others', async () => {
    const mailbox = openMailbox();
    const collected = mailbox.collect('a', 10_000);
    mailbox.receive(address('b'), post({ type: 'refused', reason: 'other' }));
    mailbox.receive(address('a'), post({ type: 'refused', reason: 'no kernel' }));
    mailbox.receive(address('a'), post({ type: 'end', threads: 2 }));
    expect(await collected).toEqual([
      { type: 'refused', reason: 'no kernel' },
      { type: 'end', threads: 2 },
    ]);
  });

  it('has an end when the page fails, is silent, or its browser stops', async () => {
    const mailbox = openMailbox();
    const failing = mailbox.collect('a', 10_000);
    mailbox.receive(address('a'), post({ type: 'failed', reason: 'out of memory' }));
    await expect(failing).rejects.toThrow('out of memory');
    await expect(mailbox.collect('b', 1)).rejects.toThrow('nothing came for 1 ms');
    const stopped = Promise.reject(new Error('Firefox ended'));
    await expect(mailbox.collect('c', 10_000, stopped)).rejects.toThrow('Firefox ended');
  });
});
