import type { Refusal } from '#protocol/values/refusal.ts';
import { removeData } from './checking/archive.ts';
import { enrolVerifier, removeVerifier } from './checking/enrolment.ts';
import { cancelJob, createJob, reject, startJob } from './jobs/commands.ts';
import { addLeafFile, changeMoney, linkPayout } from './money/funding.ts';
import type { HubCommand, RequestId } from './state/events.ts';
import type { Fact } from './state/facts.ts';
import { pardonDevice } from './trust/pardons.ts';
import { store, type Turn } from './turn.ts';

export function stepCommand(turn: Turn, request: RequestId, command: HubCommand): void {
  const { trouble } = turn.hub;
  if (trouble !== undefined) return reject(turn, request, { ok: false, refusal: trouble });
  switch (command.type) {
    case 'create':
      return createJob(turn, request, command);
    case 'start':
      return startJob(turn, request, command.job);
    case 'cancel':
      return cancelJob(turn, request, command.job);
    case 'remove-data':
      return answer(turn, request, removeData(turn, command.job));
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
    case 'leaves':
      return answer(turn, request, addLeafFile(turn, command));
  }
}

/** Writes down what was decided, or says why nothing was. */
function answer(turn: Turn, request: RequestId, said: Fact[] | Refusal): void {
  if (Array.isArray(said)) return store(turn, said, { request, job: null });
  reject(turn, request, { ok: false, refusal: said });
}
