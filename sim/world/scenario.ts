import type { Assurance } from '#protocol/api/job.ts';
import type { NewcomerPolicy } from '#protocol/checks/check-policy.ts';
import type { DeveloperId } from '#protocol/values/ids.ts';
import type { Lie } from './lies.ts';
import type { Weather } from './network.ts';
import type { Poison } from './poison.ts';
import type { VerifierLie } from './verifier-node.ts';

/** What one seed does to the grid. */
export interface Scenario {
  seed: number;
  weather: Weather;
  devices: number;
  /** How many of the devices falsify a fifth of their units. */
  cheats: number;
  /** One device more for each, which lies in this way in all it does. */
  lies: readonly Lie[];
  units: number;
  /** Whether the job was posted with taps. */
  taps: boolean;
  assurance: Assurance;
  checkRate: number;
  /** Times the hub, the verifier and the devices die and come back. */
  hubCrashes: number;
  verifierCrashes: number;
  /** Times the hub's disk takes no writes for a while. */
  diskFailures?: number;
  /** A verifier that comes back has lost its disk. */
  lostDisks?: true;
  /** Where there is one, two honest verifiers stand beside the one that lies. */
  lie?: VerifierLie;
  /** How often the liar checks, where it is not as often as the others. */
  liarRate?: number;
  departures: number;
  /** Every liar has a place, and one honest device at least. */
  newcomers: NewcomerPolicy;
  /** Lamports for a unit: the job is funded, and its money is watched. */
  unitPrice?: number;
  /** Some items of the first job cannot be computed. */
  poison?: Poison;
  unitItems?: 1 | 2;
  /** How many devices that are offline stay in the hub's memory, where that is not all. */
  offlineDevicesMax?: number;
  /** Jobs that are posted while the first one runs, each with a model of its own. */
  others?: readonly OtherJob[];
}

/** A job beside the first one. */
export interface OtherJob {
  units: number;
  assurance: Assurance;
  taps: boolean;
  /** When it is posted, after the first one. */
  afterMs: number;
  developer: DeveloperId;
  /** How often inputs are added to it while it runs; then it is an open job. */
  parts?: number;
}

export interface Outcome {
  seed: number;
  /** Empty when every invariant held. */
  broken: string[];
  virtualMs: number;
  wrongUnits: number;
  banned: number;
  /** Bans that an operator lifted. */
  pardoned: number;
  /** How often the majority contradicted the verifier that lies. */
  faults: number;
  /** Verdicts on what another verifier had judged before. */
  reviews: number;
  voided: number;
  unrevealed: number;
  /** Devices that left the hub's memory, and came back to it. */
  archived: number;
  recalled: number;
  accepted: number;
  /** Units of a priced job that somebody is paid for. */
  earned: number;
}
