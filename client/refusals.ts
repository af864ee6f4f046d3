import { decodeJson } from '#protocol/values/decode.ts';
import { ApiError, type Refusal, type RefusalCode, refusal } from '#protocol/values/refusal.ts';

/** Refusals that time alone may mend: asking again later makes sense. */
const PASSING: ReadonlySet<RefusalCode> = new Set([
  'download-failed',
  'message-rate',
  'busy',
  'hub-stopping',
  'chain-unreachable',
  'chain-slow',
  'disk-full',
  'storage-failed',
  'internal',
]);

/** Whether the same call may succeed later with nothing else changed. */
export const isPassing = ({ code }: Refusal): boolean => PASSING.has(code);

/** The refusal inside an error answer; the error page of a proxy gets one by its status. */
export function decodeRefusal(status: number, text: string): Refusal {
  const decoded = decodeJson(ApiError, text);
  if (decoded.ok) {
    const { type: _type, param: _param, ...told } = decoded.value.error;
    return told;
  }
  const message =
    status >= 500
      ? `The hub answered ${status} without a reason; look at its log, then try again.`
      : `The hub answered ${status} without a reason; check its address, then try again.`;
  return refusal(status === 404 ? 'not-found' : 'internal', message);
}

/** The refusal of a call that got no answer, with the system's reason where it gives one. */
export function refuseSilence(error?: unknown): Refusal {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  const message = `The hub did not answer${code}. Check that it runs and that you are online, then try again.`;
  return refusal('download-failed', message);
}
