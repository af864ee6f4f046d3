import { digestCommitment, hexToBytes } from '#protocol/bytes/digest.ts';
import type { LeaseId, Nonce, PublicKey } from '#protocol/values/ids.ts';
import type { AttackRow, AttackRun } from '../attack-row.ts';
import type { Chance } from '../chance.ts';

const COPIES = 200;

const hex = ({ word }: Chance, bytes: number): string =>
  Array.from({ length: bytes / 4 }, () => word().toString(16).padStart(8, '0')).join('');

/** Attack 10: a commitment seen on the wire, sent again under another key or lease. */
export function attackCopies(run: AttackRun): AttackRow[] {
  let opened = 0;
  for (const seed of run.seeds) {
    const chance = run.open(seed, 10);
    for (let copy = 0; copy < COPIES; copy += 1) {
      const shard = {
        lease: hex(chance, 16) as LeaseId,
        device: hex(chance, 32) as PublicKey,
        salt: hex(chance, 32) as Nonce,
        digests: hexToBytes(hex(chance, 32)),
      };
      const seen = digestCommitment(shard);
      const thief = { ...shard, device: hex(chance, 32) as PublicKey };
      const later = { ...shard, lease: hex(chance, 16) as LeaseId };
      if (digestCommitment(thief) === seen || digestCommitment(later) === seen) opened += 1;
    }
  }
  const tried = COPIES * run.seeds.length;
  return [
    {
      attack: 10,
      name: "copying another's commitment",
      tried: `${tried} commitments of the real kind, each replayed by another key and for another lease`,
      gained: `${opened} could be opened`,
      bound: '0',
      built: true,
      pass: opened === 0,
      value: opened,
    },
  ];
}
