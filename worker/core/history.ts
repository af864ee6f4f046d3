import type { HistoryNote } from '#protocol/messages/history.ts';
import { localTime } from './care/local-time.ts';
import type { Shard, Turn } from './state.ts';

type Unstamped<Note> = Note extends unknown ? Omit<Note, 'at'> : never;

/** Writes something down for the person of this device. */
export function note({ world, effects }: Turn, what: Unstamped<HistoryNote>): void {
  effects.push({ type: 'note', note: { ...what, at: world.now } as HistoryNote });
}

/** Writes down that units of a shard were accepted. */
export function noteAccepted(turn: Turn, { lease, computeMs }: Shard, units: number): void {
  const { care, packages, abouts } = turn.device;
  const about = abouts.get(lease.job);
  const known = packages.get(lease.package);
  const { provider = 'wasm', threads = 1 } = known?.admission ?? {};
  note(turn, {
    ...{ what: 'accepted', day: localTime(turn.world.now, care.signals.utcOffset).day },
    bytesToday: care.today.bytes,
    job: lease.job,
    ...(about === undefined ? {} : { about }),
    model: known?.manifest.name ?? 'a model',
    ...{ units, computeMs, provider, threads },
  });
}
