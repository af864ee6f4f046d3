import type { PublicKey } from '#protocol/values/ids.ts';
import type { Refusal } from '#protocol/values/refusal.ts';
import { keepOutputs, removeData } from './checking/archive.ts';
import { enrolVerifier, removeVerifier } from './checking/enrolment.ts';
import { cancelJob, createJob, reject, startJob } from './jobs/commands.ts';
import { addInputs, endInputs } from './jobs/inputs.ts';
import { addLeafFile, changeMoney, linkPayout, payoutFault } from './money/funding.ts';
import type { HubCommand, RequestId } from './state/events.ts';
import type { Fact } from './state/facts.ts';
import { pardonDevice } from './trust/pardons.ts';
import { changeProfile, profileFault, removeProfile } from './trust/profiles.ts';
import { isHere, recallDevice } from './trust/recall.ts';
import { store, type Turn } from './turn.ts';

/** Does what is asked, once what is known of the device that it is about is in the state. */
export function stepCommand(turn: Turn, request: RequestId, command: HubCommand): void {
  const { trouble } = turn.hub;
  if (trouble !== undefined) return reject(turn, request, { ok: false, refusal: trouble });
  const device = deviceOf(command);
  if (device === undefined || isHere(turn.hub, device)) return runCommand(turn, request, command);
  // Nobody has the record of another device fetched for nothing.
  const fault = faultOf(turn, command);
  const refused = fault ?? recallDevice(turn, device, { type: 'command', request, command });
  if (refused !== undefined) reject(turn, request, { ok: false, refusal: refused });
}

function faultOf(turn: Turn, command: HubCommand): Refusal | undefined {
  if (command.type === 'payout') return payoutFault(turn, command.payout);
  return command.type === 'profile' ? profileFault(turn, command.profile) : undefined;
}

function deviceOf(command: HubCommand): PublicKey | undefined {
  if (command.type === 'pardon') return command.device;
  if (command.type === 'profile') return command.profile.record.device;
  return command.type === 'payout' ? command.payout.record.device : undefined;
}

/** Does what is asked: what it needs is in the state. */
export function runCommand(turn: Turn, request: RequestId, command: HubCommand): void {
  switch (command.type) {
    case 'create':
      return createJob(turn, request, command);
    case 'start':
      return startJob(turn, request, command.job);
    case 'add-inputs':
      return addInputs(turn, request, command);
    case 'end-inputs':
      return endInputs(turn, request, command.job);
    case 'cancel':
      return cancelJob(turn, request, command.job);
    case 'remove-data':
      return answer(turn, request, removeData(turn, command.job));
    case 'keep-outputs':
      return answer(turn, request, keepOutputs(turn, command));
    case 'enrol':
      return answer(turn, request, enrolVerifier(turn, command.key));
    case 'remove-verifier':
      return answer(turn, request, removeVerifier(turn, command.key));
    case 'pardon':
      return pardonDevice(turn, request, command);
    case 'fund':
    case 'close':
      return changeMoney(turn, request, command);
    case 'payout':
      return answer(turn, request, linkPayout(turn, command.payout));
    case 'remove-profile':
      return answer(turn, request, removeProfile(turn, command.device));
    case 'profile':
      return answer(turn, request, changeProfile(turn, command.profile));
    case 'leaves':
      return answer(turn, request, addLeafFile(turn, command));
  }
}

/** Writes down what was decided, or says why nothing was. */
function answer(turn: Turn, request: RequestId, said: Fact[] | Refusal): void {
  if (Array.isArray(said)) return store(turn, said, { request, job: null });
  reject(turn, request, { ok: false, refusal: said });
}
