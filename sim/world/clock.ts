import { type Instant, instant } from '#protocol/values/units.ts';

/** Virtual time: things happen in the order of their moments, then of their asking. */
export interface Clock {
  now(): Instant;
  after(ms: number, act: () => void): void;
  every(ms: number, act: () => boolean): void;
  /** Runs until `done` holds or `limitMs` have passed; says which. */
  run(done: () => boolean, limitMs: number): 'done' | 'late';
}

interface Moment {
  at: number;
  order: number;
  act: () => void;
}

export function openClock(start: number): Clock {
  const heap: Moment[] = [];
  let time = start;
  let asked = 0;
  const clock: Clock = {
    now: () => instant(time),
    after(ms, act) {
      push(heap, { at: time + Math.max(0, ms), order: asked++, act });
    },
    every(ms, act) {
      clock.after(ms, () => {
        if (act()) clock.every(ms, act);
      });
    },
    run(done, limitMs) {
      const limit = time + limitMs;
      for (let next = pop(heap); next !== undefined; next = pop(heap)) {
        if (next.at > limit) return 'late';
        time = next.at;
        next.act();
        if (done()) return 'done';
      }
      return 'late';
    },
  };
  return clock;
}

const before = (a: Moment, b: Moment): boolean =>
  a.at < b.at || (a.at === b.at && a.order < b.order);

function push(heap: Moment[], moment: Moment): void {
  heap.push(moment);
  for (let child = heap.length - 1; child > 0; ) {
    const parent = (child - 1) >> 1;
    if (!swapIf(heap, child, parent)) return;
    child = parent;
  }
}

function pop(heap: Moment[]): Moment | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  heap[0] = last;
  for (let parent = 0; ; ) {
    const left = 2 * parent + 1;
    const right = left + 1;
    const [a, b] = [heap[left], heap[right]];
    if (a === undefined) return first;
    const child = b !== undefined && before(b, a) ? right : left;
    if (!swapIf(heap, child, parent)) return first;
    parent = child;
  }
}

/** Swaps a child that comes before its parent; says whether it did. */
function swapIf(heap: Moment[], child: number, parent: number): boolean {
  const [a, b] = [heap[child], heap[parent]];
  if (a === undefined || b === undefined || !before(a, b)) return false;
  heap[child] = b;
  heap[parent] = a;
  return true;
}
