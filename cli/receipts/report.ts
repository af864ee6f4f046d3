import * as v from 'valibot';
import { checkReceipt, type ReceiptFault } from '#protocol/records/receipt-check.ts';
import { Receipt } from '#protocol/records/records.ts';
import { decodeWith } from '#protocol/values/decode.ts';
import type { PublicKey } from '#protocol/values/ids.ts';
import { accept, type Result, refuse } from '#protocol/values/refusal.ts';

/** What was found of one receipt. */
export interface ReceiptFinding {
  /** Absent where it is no receipt. */
  receipt?: Receipt;
  /** Empty where all of it holds. */
  faults: ReceiptFault[];
}

/** What was found of several, and what that proves. */
export interface ReceiptReport {
  /** Every receipt held. */
  whole: boolean;
  lines: string[];
  found: ReceiptFinding[];
}

/** Checks the text of a file with one receipt, or with `receipts` as the dashboard saves them. */
export function reportReceipts(text: string, hub?: PublicKey): ReceiptReport {
  const values = readReceipts(text);
  if (!values.ok) return { whole: false, lines: [values.refusal.message], found: [] };
  const found = values.value.map((value) => judge(value, hub));
  const lines = found.flatMap(describeFinding);
  const sound = found.flatMap(({ receipt, faults }) =>
    receipt !== undefined && faults.length === 0 ? [receipt] : [],
  );
  const whole = sound.length === found.length;
  return { whole, found, lines: [...lines, '', ...(whole ? explain(sound, hub) : [REFUSED])] };
}

function judge(value: unknown, hub: PublicKey | undefined): ReceiptFinding {
  const decoded = decodeWith(Receipt, value, 'message-malformed');
  if (decoded.ok) return { receipt: decoded.value, faults: checkReceipt(decoded.value, hub) };
  const { message, path } = decoded.refusal;
  return { faults: [{ fields: path === undefined ? [] : [path], message }] };
}

function describeFinding({ receipt, faults }: ReceiptFinding, place: number): string[] {
  const what = faults.length === 0 ? 'ok' : 'refused';
  const shard = receipt === undefined ? '' : `: ${describeShard(receipt)}`;
  return [
    `receipt ${place + 1}: ${what}${shard}`,
    ...faults.map(({ fields, message }) => `  ${message} [${fields.join(', ')}]`),
  ];
}

function readReceipts(text: string): Result<readonly unknown[]> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('message-malformed', 'the file is not JSON, or it was cut off');
  }
  const page = v.safeParse(v.strictObject({ receipts: v.array(v.unknown()) }), value);
  if (!page.success) return accept([value]);
  if (page.output.receipts.length > 0) return accept(page.output.receipts);
  return refuse('message-malformed', 'the file holds no receipt');
}

function describeShard({ shard, verdicts }: Receipt): string {
  const last = shard.firstUnit + shard.unitCount - 1;
  const units = shard.unitCount === 1 ? `unit ${last}` : `units ${shard.firstUnit} to ${last}`;
  const kinds = new Map<string, number>();
  for (const { verdict } of verdicts) kinds.set(verdict.kind, (kinds.get(verdict.kind) ?? 0) + 1);
  const counts = [...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ');
  const judged = counts === '' ? 'none re-executed' : `re-executed: ${counts}`;
  return `${units} of ${shard.job} by device ${shard.device.slice(0, 12)}…; ${judged}`;
}

const REFUSED =
  'A refused receipt proves nothing: ask the hub for it again, and keep both if they differ.';

/** What sound receipts prove, and what they do not. */
function explain(receipts: readonly Receipt[], hub: PublicKey | undefined): string[] {
  const count = (items: Iterable<string>) => new Set(items).size;
  const units = receipts.reduce((sum, { shard }) => sum + shard.unitCount, 0);
  const verdicts = receipts.flatMap((receipt) => receipt.verdicts);
  const judged = count(
    receipts.flatMap(({ shard, verdicts: some }) =>
      some.map(({ verdict }) => `${shard.sequence}/${verdict.unit}`),
    ),
  );
  const heads = new Map(receipts.map(({ head }) => [head.head.root, head.head]));
  const hubs = [...new Set(receipts.map((receipt) => receipt.hub))];
  const devices = count(receipts.map(({ shard }) => shard.device));
  const verifiers = count(verdicts.map(({ verdict }) => verdict.verifier));
  const runtimes = [...new Set(receipts.map(({ runtime }) => runtime))].join(', ');
  return [
    'This proves:',
    `- ${devices} device key(s) signed for exactly these output digests of ${units} unit(s) before the hub logged them.`,
    ...[...heads.values()].map(
      ({ size, root }) =>
        `- The hub signed a log of ${size} entries with root ${root} that holds the commitments.`,
    ),
    `- ${verifiers} verifier key(s) signed verdicts on ${judged} of the ${units} unit(s), re-executed with ${runtimes}.`,
    'This does not prove:',
    `- That the ${units - judged} unit(s) without a verdict are right. \`npm run audit\` shows that nobody chose which were checked.`,
    '- That the outputs you hold are these: hash each unit and compare it with `shard.digests`.',
    '- When it happened: times are what the hub and the verifiers wrote. Nor that verifier keys belong to people you trust.',
    '- That the hub shows everyone the same log: compare its root with one that somebody else was given for the same size.',
    hub === undefined
      ? `- That the hub is the one you used: it names itself ${hubs.join(', ')}. Compare with /v1/health, or pass --hub-key.`
      : '- Anything about other work of this hub.',
  ];
}
