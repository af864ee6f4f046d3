import { describe, expect, it } from 'vitest';
import { PocketgridError } from '#protocol/values/refusal.ts';
import type { Items } from './chunks.ts';
import { openFakeJobs } from './fake-jobs.ts';
import { type MapOptions, mapItems } from './map-items.ts';

const rows = (count: number) => Array.from({ length: count }, (_, x) => ({ x }));
const names = (fake: ReturnType<typeof openFakeJobs>) => fake.posted.map(({ length }) => length);

async function collect(
  fake: ReturnType<typeof openFakeJobs>,
  items: Items,
  options: MapOptions = {},
) {
  const found: unknown[] = [];
  for await (const answer of mapItems(fake.hub, { model: 'm', items }, options)) found.push(answer);
  return found;
}

describe('answers', () => {
  it('come in the order of the items, from jobs of so many items', async () => {
    const fake = openFakeJobs();
    const options = {
      itemsPerJob: 4,
      name: 'mine',
      assurance: 'full',
      options: { keepDays: 3 },
    } as const;
    expect(await collect(fake, rows(10), options)).toEqual(rows(10));
    expect(names(fake)).toEqual([4, 4, 2]);
    expect(fake.options[0]).toEqual({
      ...{ name: 'mine', model: 'm', autoStart: true, assurance: 'full', keepDays: 3 },
    });
    expect(fake.cancelled).toEqual([]);
  });

  it('of none are none, and post no job', async () => {
    const fake = openFakeJobs();
    expect(await collect(fake, [])).toEqual([]);
    expect(fake.posted).toEqual([]);
  });

  it('come while items do, and few jobs are posted ahead', async () => {
    const fake = openFakeJobs();
    const given: number[] = [];
    async function* slow() {
      for (const item of rows(100)) {
        given.push(item.x);
        yield item;
      }
    }
    const found = mapItems(
      fake.hub,
      { model: 'm', items: slow() },
      { itemsPerJob: 10, jobsAtOnce: 2 },
    );
    expect((await found.next()).value).toEqual({ x: 0 });
    expect(fake.posted.length).toBeLessThanOrEqual(2);
    expect(given.length).toBeLessThan(50);
    await found.return();
  });

  it('of items that cannot be computed say why', async () => {
    const fake = openFakeJobs();
    const failed = { error: { code: 'item-failed', message: 'division by zero' } };
    expect(await collect(fake, [{ x: 1 }, failed])).toEqual([{ x: 1 }, failed]);
  });

  it('of texts and pictures are of the task, and pictures are files each', async () => {
    const fake = openFakeJobs();
    const answer = { labels: [{ label: 'cat', score: 1 }] };
    const picture = new TextEncoder().encode(JSON.stringify(answer));
    const task = { name: 'image-classification' } as const;
    const found = [];
    const items = [picture, new Blob([picture])];
    for await (const each of mapItems(fake.hub, { model: 'm', items }, { task })) found.push(each);
    expect(found).toEqual([answer, answer]);
    expect(fake.options[0]).toMatchObject({ task });
    const wrong = mapItems(fake.hub, { model: 'm', items: rows(1) }, { task }).next();
    await expect(wrong).rejects.toThrow('a line of answers of image-classification');
  });

  it('go on with the next one where the line broke', async () => {
    const fake = openFakeJobs();
    fake.breaks = [3, 0];
    expect(await collect(fake, rows(5))).toEqual(rows(5));
    expect(fake.asked).toEqual([0, 3, 3]);
  });
});

describe('a job', () => {
  it('is posted again where the hub had no room for it', async () => {
    const fake = openFakeJobs();
    fake.refusals = [[503, 'busy']];
    expect(await collect(fake, rows(2))).toEqual(rows(2));
    expect(names(fake)).toEqual([2]);
  });

  it('that is refused ends all, and the others are cancelled', async () => {
    const fake = openFakeJobs();
    fake.ends.set(0, { state: 'refused', refusal: { code: 'model-memory', message: 'too large' } });
    fake.held.add(1);
    const error = await collect(fake, rows(4), { itemsPerJob: 2 }).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(PocketgridError);
    expect(error).toMatchObject({ refusal: { code: 'model-memory' } });
    expect(fake.cancelled).toContain('job_0000000000000001');
    const none = openFakeJobs();
    none.refusals = [[404, 'model-unknown']];
    await expect(collect(none, rows(1))).rejects.toThrow('model-unknown');
  });
});

describe('who leaves', () => {
  it('by a signal gets its reason, and the jobs at work are cancelled', async () => {
    const fake = openFakeJobs();
    fake.held.add(0).add(1);
    const stop = new AbortController();
    const found = collect(fake, rows(4), { itemsPerJob: 2, signal: stop.signal });
    await expect.poll(() => fake.posted.length).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    stop.abort(new Error('enough'));
    await expect(found).rejects.toThrow('enough');
    expect(fake.cancelled).toHaveLength(2);
    const late = collect(fake, rows(1), { signal: stop.signal });
    await expect(late).rejects.toThrow('enough');
  });

  it('early ends the items and the jobs', async () => {
    const fake = openFakeJobs();
    fake.held.add(1);
    let isClosed = false;
    function* items() {
      try {
        yield* rows(100);
      } finally {
        isClosed = true;
      }
    }
    for await (const answer of mapItems(
      fake.hub,
      { model: 'm', items: items() },
      { itemsPerJob: 2 },
    )) {
      expect(answer).toEqual({ x: 0 });
      await expect.poll(() => fake.posted.length).toBeGreaterThan(1);
      break;
    }
    await expect.poll(() => isClosed).toBe(true);
    expect(fake.cancelled).toContain('job_0000000000000001');
  });

  it('gets what the items throw', async () => {
    const fake = openFakeJobs();
    function* items() {
      yield* rows(3);
      throw new Error('the file ended');
    }
    await expect(collect(fake, items())).rejects.toThrow('the file ended');
  });
});
