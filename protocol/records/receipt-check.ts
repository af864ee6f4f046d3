import { decodeDigests } from '../bytes/base64.ts';
import { bytesToHex, digestAt, digestCommitment, hexToBytes } from '../bytes/digest.ts';
import { inclusionRoot } from '../bytes/merkle-log.ts';
import { isSigned } from '../bytes/signature.ts';
import { unitNumber } from '../checks/check-policy.ts';
import { fingerprintFault } from '../checks/fingerprint-check.ts';
import type { PublicKey } from '../values/ids.ts';
import { hashEntry } from './public-log.ts';
import type { Receipt, SignedVerdict } from './records.ts';

/** What is wrong with a receipt: the fields of which one is not what was signed, and a sentence. */
export interface ReceiptFault {
  fields: string[];
  message: string;
}

/**
 * Everything a receipt can be held to without asking anyone: that the commitment opens to the
 * digests and is signed by the device, that the hub logged it and the log's head holds it, that
 * verdicts are signed and speak of these units, and that the hub signed the whole. Empty when all
 * of it holds.
 * `hub` is the key to expect, where it is known.
 */
export function checkReceipt(receipt: Receipt, hub?: PublicKey): ReceiptFault[] {
  const faults: ReceiptFault[] = [];
  const expect = (holds: boolean, fields: string[], message: string): void => {
    if (!holds) faults.push({ fields, message });
  };
  if (hub !== undefined) {
    expect(receipt.hub === hub, ['hub'], 'this receipt is of another hub than the one you named');
  }
  checkCommitment(receipt, expect);
  checkLog(receipt, expect);
  for (const [place, signed] of receipt.verdicts.entries()) {
    checkVerdict(receipt, { field: `verdicts.${place}`, signed }, expect);
  }
  const { signature, ...record } = receipt;
  expect(
    isSigned({ key: receipt.hub, context: 'receipt', record, signature }),
    faults.length > 0 ? ['signature'] : ['signature', ...COVERED_BY_WHOLE],
    faults.length > 0
      ? 'nor is the receipt as a whole what the hub signed'
      : 'the hub did not sign this receipt as it stands: one of these fields was changed, or a verdict was left out',
  );
  return faults;
}

/** What no other signature or digest holds fast. */
const COVERED_BY_WHOLE = [
  ...['sequence', 'job', 'provider', 'package', 'firstUnit', 'workBefore', 'unitCost', 'at'].map(
    (name) => `shard.${name}`,
  ),
  'inputs',
  'runtime',
  'verdicts',
];

type Expect = (holds: boolean, fields: string[], message: string) => void;

function checkCommitment({ shard, salt, commitmentSignature, inputs }: Receipt, expect: Expect) {
  const { lease, device, commitment, unitCount } = shard;
  const digests = decodeDigests(shard.digests, unitCount);
  expect(
    digests !== undefined,
    ['shard.digests', 'shard.unitCount'],
    'there is not one output digest for each unit',
  );
  expect(
    decodeDigests(inputs.digests, unitCount) !== undefined,
    ['inputs.digests', 'shard.unitCount'],
    'there is not one input digest for each unit',
  );
  expect(
    digests !== undefined &&
      digestCommitment({ lease, device, salt, digests, taps: shard.taps }) === commitment,
    ['shard.digests', 'shard.taps', 'salt', 'shard.lease', 'shard.device', 'shard.commitment'],
    'the device committed to something else: salt and digests do not open the commitment',
  );
  const record = { lease, device, commitment };
  expect(
    isSigned({ key: device, context: 'commitment', record, signature: commitmentSignature }),
    ['commitmentSignature', 'shard.lease', 'shard.device', 'shard.commitment'],
    'the device did not sign this commitment',
  );
}

function checkLog({ shard, log, hub, logSignature, inclusion, head }: Receipt, expect: Expect) {
  expect(
    log.commitment === shard.commitment,
    ['log.commitment', 'shard.commitment'],
    'the log entry is of another commitment',
  );
  expect(
    log.index === shard.index,
    ['log.index', 'shard.index'],
    'the log entry has another index than the shard says',
  );
  expect(
    isSigned({ key: hub, context: 'log-entry', record: log, signature: logSignature }),
    ['logSignature', 'log', 'hub'],
    'the hub did not sign this log entry',
  );
  expect(
    isSigned({ key: hub, context: 'tree-head', record: head.head, signature: head.signature }),
    ['head', 'hub'],
    'the hub did not sign this head of its log',
  );
  const place = { position: inclusion.position, size: head.head.size };
  const root = inclusionRoot(hashEntry(log), place, inclusion.path.map(hexToBytes));
  expect(
    root !== undefined && bytesToHex(root) === head.head.root,
    ['inclusion', 'log', 'head.head'],
    'the path does not lead from the log entry to the root of the log: the entry is not proved to be in it',
  );
}

function checkVerdict(
  { shard }: Receipt,
  { field, signed }: { field: string; signed: SignedVerdict },
  expect: Expect,
): void {
  const { verdict, signature } = signed;
  const place = verdict.unit - shard.firstUnit;
  const name = `the verdict on unit ${verdict.unit}`;
  expect(
    isSigned({ key: verdict.verifier, context: 'verdict', record: verdict, signature }),
    [field],
    `${name} is not signed by the verifier it names`,
  );
  expect(
    verdict.job === shard.job && verdict.lease === shard.lease && verdict.device === shard.device,
    [field, 'shard.job', 'shard.lease', 'shard.device'],
    `${name} is about another shard`,
  );
  const inside = place >= 0 && place < shard.unitCount;
  expect(
    inside,
    [field, 'shard.firstUnit', 'shard.unitCount'],
    `${name} is about a unit outside this shard`,
  );
  if (!inside) return;
  const digests = decodeDigests(shard.digests, shard.unitCount);
  expect(
    digests !== undefined && digestAt(digests, place) === verdict.claimed,
    [field, 'shard.digests', 'shard.firstUnit'],
    `${name} judged other outputs than this receipt holds`,
  );
  expect(
    verdict.n <= unitNumber(shard) + place,
    [field, 'shard.workBefore', 'shard.unitCost', 'shard.firstUnit'],
    `${name} counts more units of the device than it had behind it`,
  );
  const same = verdict.claimed === verdict.reference;
  expect(
    verdict.kind !== 'match' || verdict.lane !== 'exact' || same,
    [field],
    `${name} says match on the exact lane although the digests differ`,
  );
  const fault = fingerprintFault(verdict, shard.taps !== undefined);
  expect(fault === undefined, [field, 'shard.taps'], `${name} ${fault}`);
}
