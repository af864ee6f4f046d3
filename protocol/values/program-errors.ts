/**
 * Why the settlement program says no: the custom error of a failed transaction, its code here, and
 * a sentence. Numbers are those of `programs/interface/src/errors.rs` and never move.
 */
export const PROGRAM_ERRORS = [
  [
    1,
    'settlement-instruction-unknown',
    'the program knows no such instruction: the client is newer than the program',
  ],
  [2, 'settlement-malformed', 'the instruction data is cut off or has bytes too many'],
  [3, 'settlement-accounts-missing', 'the instruction lists other accounts than it needs'],
  [
    4,
    'settlement-signature-missing',
    'an account that has to sign did not: sign with the wallet it belongs to',
  ],
  [
    5,
    'settlement-account-foreign',
    'an account does not belong to the settlement program: has it been created?',
  ],
  [
    6,
    'settlement-account-type',
    'an account is of another type or version than the instruction takes',
  ],
  [7, 'settlement-address-wrong', 'an account is not at the address its seeds derive'],
  [
    8,
    'settlement-account-unrelated',
    'two accounts do not belong together: same config, pool and mint are needed',
  ],
  [
    9,
    'settlement-program-wrong',
    'a program or mint is not the classic token program: other tokens are not taken',
  ],
  [10, 'settlement-overflow', 'a sum is larger than 64 bits hold'],
  [20, 'settlement-not-admin', 'only the admin may do this'],
  [21, 'settlement-not-guardian', 'only the guardian or the admin may do this'],
  [22, 'settlement-not-poster', 'only the poster of this escrow may do this, and is paid by it'],
  [23, 'settlement-not-verifier', 'the bond belongs to another verifier'],
  [
    24,
    'settlement-paused',
    'the pool takes no new money and no new roots for now: claims and refunds go on',
  ],
  [25, 'settlement-pool-retired', 'the pool is closed: use the one that replaced it'],
  [30, 'settlement-setting-range', 'a setting is outside of what the program allows'],
  [
    31,
    'settlement-set-range',
    'a set has 1 to 16 verifiers and a quorum of more than half of them',
  ],
  [32, 'settlement-set-key-twice', 'a verifier is listed twice'],
  [33, 'settlement-set-waiting', 'a new set of verifiers waits for its time already'],
  [34, 'settlement-set-inactive', 'this set of verifiers does not serve now'],
  [
    35,
    'settlement-rent-unreadable',
    'the cluster states the price of rent in a way the program does not know',
  ],
  [36, 'settlement-clock-unreadable', 'the clock of the cluster cannot be read'],
  [40, 'settlement-amount-zero', 'the amount is zero'],
  [41, 'settlement-escrow-over', 'the escrow is over or its refund was asked for: open another'],
  [42, 'settlement-escrow-short', 'the escrow holds less than the tree says it has spent'],
  [43, 'settlement-escrow-not-empty', 'the escrow still holds money: refund it first'],
  [
    44,
    'settlement-token-account',
    'the token account is not the one the money has to go to or come from',
  ],
  [45, 'settlement-recipient-wrong', 'the money has to go to another account'],
  [50, 'settlement-period-wrong', 'the root is not that of the next period'],
  [
    51,
    'settlement-total-falls',
    'a total or a count of leaves is lower than before, or more is pulled than it says',
  ],
  [
    52,
    'settlement-period-cap',
    'the period adds more than the pool allows in one: settle the rest in the next',
  ],
  [53, 'settlement-root-pending', 'a root is pending: make it final first'],
  [54, 'settlement-nothing-pending', 'no root is pending'],
  [
    55,
    'settlement-attestation-expired',
    'the attestation has expired, or would before its window ends: sign again',
  ],
  [56, 'settlement-expiry-far', 'the attestation expires later than the grace time allows'],
  [57, 'settlement-quorum-missing', 'fewer verifiers have signed than are needed'],
  [58, 'settlement-window-open', 'the challenge window is still open: try again when it has ended'],
  [
    60,
    'settlement-precompile-missing',
    'the instruction before this one has to check the signatures',
  ],
  [
    61,
    'settlement-precompile-layout',
    'the signatures are laid out in another way than the program takes',
  ],
  [
    62,
    'settlement-message-wrong',
    'what was signed is not this root for this pool, period and cluster',
  ],
  [63, 'settlement-signer-unknown', 'a signer is not in the set of verifiers'],
  [64, 'settlement-signer-twice', 'a verifier has signed twice'],
  [
    70,
    'settlement-root-unknown',
    'that period is not claimable any more: use the newest proof, which covers all before it',
  ],
  [71, 'settlement-index-range', 'the index is beyond the leaves of the tree'],
  [72, 'settlement-proof-length', 'the proof is not as long as the tree is deep'],
  [73, 'settlement-proof-wrong', 'the proof does not lead to the root: fetch it again'],
  [74, 'settlement-page-wrong', "that page is another pool's or holds other leaves"],
  [75, 'settlement-nothing-due', 'all of this has been paid already'],
  [76, 'settlement-not-pulled', 'the pool does not hold enough yet: have the escrows pulled first'],
  [80, 'settlement-no-fraud', 'this shows no fraud'],
  [81, 'settlement-bonds-missing', 'the bonds of all signers are needed, in the order of the set'],
  [
    82,
    'settlement-bond-locked',
    'the bond is locked until nothing it stands for can be challenged',
  ],
  [
    90,
    'settlement-refund-early',
    'the refund is not due yet: it is at the deadline, or some time after asking for it',
  ],
  [91, 'settlement-nothing-to-refund', 'the escrow holds nothing that is not spent'],
  [92, 'settlement-pool-owes', 'the pool still owes somebody'],
] as const;

export type SettlementCode = (typeof PROGRAM_ERRORS)[number][1];

/**
 * The custom error of a failed transaction as a code and a sentence; undefined for a number of no
 * meaning here.
 */
export function describeProgramError(
  error: number,
): { code: SettlementCode; message: string } | undefined {
  const found = PROGRAM_ERRORS.find(([number]) => number === error);
  return found && { code: found[1], message: found[2] };
}
