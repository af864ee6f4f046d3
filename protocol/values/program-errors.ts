/**
 * Why the settlement program says no: the custom error of a failed transaction, its code here behind
 * `settlement-`, and a sentence. Numbers are those of `programs/interface/src/errors.rs`.
 */
const ROWS = [
  [1, 'instruction-unknown', 'the program knows no such instruction: the client is newer'],
  [2, 'malformed', 'the instruction data is cut off or has bytes too many'],
  [3, 'accounts-missing', 'the instruction lists other accounts than it needs'],
  [4, 'signature-missing', 'an account that has to sign did not: sign with its wallet'],
  [5, 'account-foreign', 'an account does not belong to the program: has it been created?'],
  [6, 'account-type', 'an account is of another type or version than the instruction takes'],
  [7, 'address-wrong', 'an account is not at the address its seeds derive'],
  [8, 'account-unrelated', 'two accounts do not belong together: take one config, pool and mint'],
  [9, 'program-wrong', 'only the classic token program and its mints are taken'],
  [10, 'overflow', 'a sum is larger than 64 bits hold'],
  [20, 'not-admin', 'only the admin may do this'],
  [21, 'not-guardian', 'only the guardian or the admin may do this'],
  [22, 'not-poster', 'only the poster of this escrow may do this, and is paid by it'],
  [23, 'not-verifier', 'the bond belongs to another verifier'],
  [24, 'paused', 'the pool takes no new money and no new roots for now: claims and refunds go on'],
  [25, 'pool-retired', 'the pool is closed: use the one that replaced it'],
  [30, 'setting-range', 'a setting is outside of what the program allows'],
  [31, 'set-range', 'a set has 1 to 16 verifiers and a quorum of more than half of them'],
  [32, 'set-key-twice', 'a verifier is listed twice'],
  [33, 'set-waiting', 'a new set of verifiers waits for its time already'],
  [34, 'set-inactive', 'this set of verifiers does not serve now'],
  [35, 'rent-unreadable', 'the cluster states the price of rent in an unknown way'],
  [36, 'clock-unreadable', 'the clock of the cluster cannot be read'],
  [40, 'amount-zero', 'the amount is zero'],
  [41, 'escrow-over', 'the escrow is over or its refund was asked for: open another'],
  [42, 'escrow-short', 'the escrow holds less than the tree says it has spent'],
  [43, 'escrow-not-empty', 'the escrow still holds money: refund it first'],
  [44, 'token-account', 'the token account is not the one the money has to go to or come from'],
  [45, 'recipient-wrong', 'the money has to go to another account'],
  [50, 'period-wrong', 'the root is not that of the next period'],
  [51, 'total-falls', 'a total or count of leaves fell, or more is pulled than it says'],
  [
    52,
    'period-cap',
    'the period adds more than the pool allows in one: settle the rest in the next',
  ],
  [53, 'root-pending', 'a root is pending: make it final first'],
  [54, 'nothing-pending', 'no root is pending'],
  [55, 'attestation-expired', 'the attestation has expired, or would too early: sign again'],
  [56, 'expiry-far', 'the attestation expires later than the grace time allows'],
  [57, 'quorum-missing', 'fewer verifiers have signed than are needed'],
  [58, 'window-open', 'the challenge window is still open: try again when it has ended'],
  [
    59,
    'turn-of-another',
    'another verifier has the turn to propose: bring a whole quorum, or wait',
  ],
  [60, 'precompile-missing', 'the instruction before this one has to check the signatures'],
  [61, 'precompile-layout', 'the signatures are laid out in another way than the program takes'],
  [62, 'message-wrong', 'what was signed is not this root for this pool, period and cluster'],
  [63, 'signer-unknown', 'a signer is not in the set of verifiers'],
  [64, 'signer-twice', 'a verifier has signed twice'],
  [70, 'root-unknown', 'that period is not claimable any more: use the newest proof'],
  [71, 'index-range', 'the index is beyond the leaves of the tree'],
  [72, 'proof-length', 'the proof is not as long as the tree is deep'],
  [73, 'proof-wrong', 'the proof does not lead to the root: fetch it again'],
  [74, 'page-wrong', "that page is another pool's or holds other leaves"],
  [75, 'nothing-due', 'all of this has been paid already'],
  [76, 'not-pulled', 'the pool does not hold enough yet: have the escrows pulled first'],
  [80, 'no-fraud', 'this shows no fraud'],
  [81, 'bonds-missing', 'the bonds of all signers are needed, in the order of the set'],
  [82, 'bond-locked', 'the bond is locked until nothing it stands for can be challenged'],
  [90, 'refund-early', 'the refund is due at the deadline, or some time after asking for it'],
  [91, 'nothing-to-refund', 'the escrow holds nothing that is not spent'],
  [92, 'pool-owes', 'the pool still owes somebody'],
] as const;

/** Code of an error of the settlement program. */
export type SettlementCode = `settlement-${(typeof ROWS)[number][1]}`;

/** Number, code and sentence of each error. Numbers never move. */
export const PROGRAM_ERRORS = ROWS.map(
  ([number, name, message]) => [number, `settlement-${name}`, message] as const,
);

/** What the custom error of a failed transaction says; undefined for a number of no meaning here. */
export function describeProgramError(error: number) {
  const [, code, message] = PROGRAM_ERRORS.find(([number]) => number === error) ?? [];
  return code && message && { code, message };
}
