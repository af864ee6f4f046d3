import { isEnded } from '#protocol/api/job.ts';
import type { JobId, PublicKey } from '#protocol/values/ids.ts';
import type { Token } from './events.ts';
import { type Fact, verdictName } from './facts.ts';
import type { Underway } from './hub.ts';

/** Nothing is being written. */
export const openUnderway = (): Underway => ({ writes: new Map(), counts: new Map() });

/** What a fact is about, for whoever must not decide the same twice. */
export const nameOf = {
  job: (job: JobId) => `job ${job}`,
  package: (job: JobId) => `package ${job}`,
  recut: (job: JobId) => `recut ${job}`,
  /** Counts units. */
  inputs: (job: JobId) => `inputs ${job}`,
  inputsEnd: (job: JobId) => `inputs end ${job}`,
  move: (job: JobId) => `move ${job}`,
  end: (job: JobId) => `end ${job}`,
  archive: (job: JobId) => `archive ${job}`,
  removeData: (job: JobId) => `remove data ${job}`,
  /** Counts work, in microseconds. */
  accept: (device: PublicKey) => `accept ${device}`,
  unrevealed: (device: PublicKey) => `unrevealed ${device}`,
  verdict: (name: string) => `verdict ${name}`,
  /** A verdict that is no match. */
  finding: (lease: string) => `finding ${lease}`,
  resolution: (unit: string) => `resolution ${unit}`,
  void: (sequence: number) => `void ${sequence}`,
  voids: (job: JobId) => `voids ${job}`,
  failure: (job: JobId, unit: number) => `failure ${job}/${unit}`,
  release: (sequence: number) => `release ${sequence}`,
  ban: (device: PublicKey) => `ban ${device}`,
  pardon: (device: PublicKey) => `pardon ${device}`,
  /** A fact that changes the record of a device, or moves it. */
  device: (device: PublicKey) => `device ${device}`,
  archiveDevice: (device: PublicKey) => `archive device ${device}`,
  archivedDevices: 'archived devices',
  suspend: (device: PublicKey, pack: string, provider: string) =>
    `suspend ${device}/${pack}/${provider}`,
  fault: (verifier: PublicKey, unit: string) => `fault ${verifier} ${unit}`,
  remove: (verifier: PublicKey) => `remove ${verifier}`,
  epoch: (verifier: PublicKey, epoch: number, type: string) => `${type} ${epoch} ${verifier}`,
} as const;

/** How many facts of this name are on their way to the disk; work where the name counts work. */
export const countUnderway = ({ counts }: Underway, name: string): number => counts.get(name) ?? 0;

/** Whether a fact of this name is being written. */
export const isUnderway = (underway: Underway, name: string): boolean =>
  countUnderway(underway, name) > 0;

/** Facts of one type that are on their way. Walks all of them: not for what happens often. */
export function listUnderway<T extends Fact['type']>({ writes }: Underway, type: T) {
  return [...writes.values()].flat().filter((fact) => fact.type === type) as Extract<
    Fact,
    { type: T }
  >[];
}

/** Facts go to the disk. */
export function addWrite(underway: Underway, token: Token, facts: readonly Fact[]): void {
  underway.writes.set(token, facts);
  for (const fact of facts) count(underway, fact, 1);
}

/** They are on disk; gives them back. */
export function takeWrite(underway: Underway, token: Token): readonly Fact[] {
  const facts = underway.writes.get(token) ?? [];
  underway.writes.delete(token);
  for (const fact of facts) count(underway, fact, -1);
  return facts;
}

function count({ counts }: Underway, fact: Fact, sign: 1 | -1): void {
  for (const [name, weight = 1] of namesOf(fact)) {
    const left = (counts.get(name) ?? 0) + sign * weight;
    if (left > 0) counts.set(name, left);
    else counts.delete(name);
  }
}

function namesOf(fact: Fact): (readonly [name: string, weight?: number])[] {
  switch (fact.type) {
    case 'job-created':
      return [[nameOf.job(fact.record.id)]];
    case 'job-recut':
      return [[nameOf.recut(fact.record.id)]];
    case 'inputs-added':
      return [[nameOf.inputs(fact.job), fact.units]];
    case 'inputs-ended':
      return [[nameOf.inputsEnd(fact.job)]];
    case 'job-packaged':
      return [[nameOf.package(fact.job)]];
    case 'job-moved':
      return [
        [nameOf.move(fact.job)],
        ...(isEnded(fact.state) ? [[nameOf.end(fact.job)] as const] : []),
      ];
    case 'job-archived':
      return [[nameOf.archive(fact.job)]];
    case 'data-removed':
      return [[nameOf.removeData(fact.job)]];
    case 'accepted': {
      const { device, unitCost, unitCount } = fact.shard;
      return [[nameOf.accept(device), unitCost * unitCount], [nameOf.device(device)]];
    }
    case 'unrevealed':
      return fact.atFault ? [[nameOf.unrevealed(fact.device)], [nameOf.device(fact.device)]] : [];
    case 'verdict': {
      const { lease, kind } = fact.signed.verdict;
      const name = nameOf.verdict(verdictName(fact.signed));
      return kind === 'match' ? [[name]] : [[name], [nameOf.finding(lease)]];
    }
    case 'resolved':
      return [[nameOf.resolution(`${fact.lease}/${fact.unit}`)]];
    case 'voided':
      return [[nameOf.void(fact.sequence)], [nameOf.voids(fact.job)]];
    case 'items-failed':
      return [[nameOf.failure(fact.job, fact.unit)]];
    case 'released':
      return [[nameOf.release(fact.sequence)]];
    case 'banned':
      return [[nameOf.ban(fact.device)], [nameOf.device(fact.device)]];
    case 'pardoned':
      return [[nameOf.pardon(fact.device)], [nameOf.device(fact.device)]];
    case 'suspended':
      return [
        [nameOf.suspend(fact.device, fact.package, fact.provider)],
        [nameOf.device(fact.device)],
      ];
    case 'payout-linked':
      return [[nameOf.device(fact.payout.record.device)]];
    case 'device-archived':
      return [
        [nameOf.archiveDevice(fact.device)],
        [nameOf.archivedDevices],
        [nameOf.device(fact.device)],
      ];
    case 'profile':
    case 'device-recalled':
      return [[nameOf.device(fact.device)]];
    case 'verifier-fault':
      return [[nameOf.fault(fact.verifier, `${fact.lease}/${fact.unit}`)]];
    case 'verifier-removed':
      return [[nameOf.remove(fact.key)]];
    case 'epoch': {
      const { verifier, epoch, type } = fact.signed.record;
      return [[nameOf.epoch(verifier, epoch, type)]];
    }
    default:
      return [];
  }
}
