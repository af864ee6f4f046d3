import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** How bad the network is. Sockets are TCP: messages keep their order within one, or it breaks. */
export interface Weather {
  latencyMs: [least: number, most: number];
  /** Mean time until a socket breaks, with everything in flight on it lost. */
  meanLifeMs: number;
}

/** One end of a socket. */
export interface End<Out> {
  send(message: Out): void;
  close(): void;
}

export interface Ends<In> {
  received(message: In): void;
  closed(): void;
}

/**
 * A socket between two ends, open at once. What one sends reaches the other after a delay, in
 * order; a break loses what is in flight and reaches both ends at different times.
 */
export function openLink<A, B>(
  world: { clock: Clock; random: Random; weather: Weather },
  left: Ends<B>,
  right: Ends<A>,
): { left: End<A>; right: End<B>; cut(): void } {
  const { clock, random, weather } = world;
  let open = true;
  const delay = (): number => random.between(...weather.latencyMs);
  const cut = (): void => {
    if (!open) return;
    open = false;
    clock.after(delay(), left.closed);
    clock.after(delay() * 5, right.closed);
  };
  const side = <Out>(to: Ends<Out>): End<Out> => {
    let last = 0;
    return {
      send(message) {
        if (!open) return;
        const arrival = Math.max(last, clock.now() + delay());
        last = arrival;
        clock.after(arrival - clock.now(), () => {
          if (open) to.received(message);
        });
      },
      close() {
        if (!open) return;
        const arrival = Math.max(last, clock.now() + delay());
        clock.after(arrival - clock.now(), () => {
          if (!open) return;
          open = false;
          to.closed();
        });
      },
    };
  };
  const life = -Math.log(1 - random.next()) * weather.meanLifeMs;
  if (Number.isFinite(life)) clock.after(life, cut);
  return { left: side<A>(right), right: side<B>(left), cut };
}
