import { type Mutant, makeMutant } from './find.ts';

/**
 * What `findMutants` does not see: conditions of an `if`, arithmetic, effects. The old text stands
 * once in its file; of it what is between « and » changes. Without a new text it is a statement
 * that is left out.
 */
const EDITS: readonly [path: string, old: string, now?: string][] = [
  ['account.rs', '«(*header).owner = crate::programs::SYSTEM;»'],
  ['account.rs', '«crate::add(heir.lamports(), self.lamports())?»', 'heir.lamports()'],
  ['attestation.rs', '«Slice::of(place.cluster_tag)»', 'Slice::of(&[])'],
  ['attestation.rs', '«Slice::of(place.program)»', 'Slice::of(&[])'],
  ['attestation.rs', '«Slice::of(place.pool)»', 'Slice::of(&[])'],
  ['attestation.rs', '«Slice::of(place.previous)»', 'Slice::of(&[])'],
  ['attestation.rs', '«Slice::of(content.data_hash)»', 'Slice::of(&[])'],
  ['address.rs', '.saturating_sub(«new.account.lamports()»)', '0'],
  [
    'sysvars.rs',
    '«(128 + bytes as u64).wrapping_mul(rent[0]).wrapping_mul(times)»',
    '(128 + bytes as u64).wrapping_mul(rent[0])',
  ],
  ['lib.rs', '«a.checked_add(b).ok_or(Error::Overflow)»', 'Ok(a.wrapping_add(b))'],
  ['lib.rs', '«a.checked_sub(b).ok_or(error)»', 'Ok(a.wrapping_sub(b))'],
  ['tree.rs', 'if «leaf.cumulative == 0 && *leaf.recipient == [0; 32]» {', 'false'],
  ['tree.rs', 'if «leaf.cumulative == 0 && *leaf.recipient == [0; 32]» {', 'leaf.cumulative == 0'],
  [
    'tree.rs',
    'if «leaf.cumulative == 0 && *leaf.recipient == [0; 32]» {',
    '*leaf.recipient == [0; 32]',
  ],
  ['tree.rs', '«Slice::of(leaf.tag)»', 'Slice::of(&[])'],
  ['tree.rs', '«Slice::of(leaf.pool)»', 'Slice::of(&[])'],
  ['tree.rs', '«Slice::of(leaf.recipient)»', 'Slice::of(&[])'],
  [
    'tree.rs',
    '«crate::add(sum, u64::from_le_bytes(beside))?»',
    'sum.wrapping_add(u64::from_le_bytes(beside))',
  ],
  [
    'precompile.rs',
    '«self.signers.chunks_exact(SIGNER).all(|signer| signer[..32] == key[..])»',
    'self.signers.chunks_exact(SIGNER).any(|signer| signer[..32] == key[..])',
  ],
  ['instructions/bond.rs', '«config_account.load::<Config>(context.program)?;»'],
  ['instructions/bond.rs', '«address::pay(verifier, account, lamports)»', 'Ok(())'],
  ['instructions/challenge.rs', 'if «pool.pending.signers & (1 << member) == 0» {', 'false'],
  ['instructions/challenge.rs', '«slash((program, config_account), (account, verifier), heirs)?;»'],
  ['instructions/challenge.rs', '«period::discard(pool)»', 'Ok(())'],
  ['instructions/challenge.rs', 'let half = «bond.amount / 2»;', 'bond.amount'],
  [
    'instructions/challenge_claim.rs',
    '«*final_recipient == [0; 32] && final_cumulative == 0»',
    '*final_recipient == [0; 32]',
  ],
  [
    'instructions/challenge_claim.rs',
    '«*final_recipient == [0; 32] && final_cumulative == 0»',
    'final_cumulative == 0',
  ],
  [
    'instructions/challenge_claim.rs',
    '«final_recipient != pending_recipient || pending_cumulative < final_cumulative»',
    'final_recipient != pending_recipient',
  ],
  [
    'instructions/challenge_claim.rs',
    '«final_recipient != pending_recipient || pending_cumulative < final_cumulative»',
    'pending_cumulative < final_cumulative',
  ],
  [
    'instructions/challenge_spend.rs',
    '«cumulative > escrow.deposited || cumulative < escrow.pulled»',
    'cumulative > escrow.deposited',
  ],
  [
    'instructions/challenge_spend.rs',
    '«cumulative > escrow.deposited || cumulative < escrow.pulled»',
    'cumulative < escrow.pulled',
  ],
  ['instructions/challenge_spend.rs', 'if «!is_fraud && cumulative > holds» {', 'false'],
  [
    'instructions/challenge_spend.rs',
    'if «!is_fraud && cumulative > holds» {',
    'cumulative > holds',
  ],
  ['instructions/challenge_spend.rs', 'if «!is_fraud && cumulative > holds» {', '!is_fraud'],
  ['instructions/challenge_spend.rs', 'return «period::discard(pool)»;', 'Ok(())'],
  ['instructions/claim.rs', '«*paid = cumulative;»'],
  [
    'instructions/claim.rs',
    '«crate::subtract(cumulative, *paid, Error::NothingDue)?»',
    'cumulative.wrapping_sub(*paid)',
  ],
  ['instructions/close_escrow.rs', '«account.close(rent_payer)»', 'Ok(())'],
  ['instructions/close_page.rs', '«account.close(rent_payer)»', 'Ok(())'],
  [
    'instructions/period.rs',
    '«pending.state != PENDING_NONE && now <= pending.expires_at»',
    'pending.state != PENDING_NONE',
  ],
  [
    'instructions/period.rs',
    '«pending.state != PENDING_NONE && now <= pending.expires_at»',
    'now <= pending.expires_at',
  ],
  ['instructions/period.rs', 'if «now >= config.set_active_at» {', 'true'],
  [
    'instructions/period.rs',
    '«(set.quorum as u32 + pool.extra_quorum as u32).min(set.members as u32)»',
    '(set.quorum as u32).min(set.members as u32)',
  ],
  [
    'instructions/period.rs',
    '«(set.quorum as u32 + pool.extra_quorum as u32).min(set.members as u32)»',
    'set.quorum as u32 + pool.extra_quorum as u32',
  ],
  ['instructions/period.rs', 'if «pending.signers.count_ones() >= needed» {', 'true'],
  ['instructions/init_config.rs', '«*each > 0 && *each <= YEAR_SECS»', '*each <= YEAR_SECS'],
  ['instructions/init_config.rs', '«*each > 0 && *each <= YEAR_SECS»', '*each > 0'],
  [
    'instructions/new_verifier_set.rs',
    '«if config.set_id == 0 { 0 } else { config.timelock_secs }»',
    '0',
  ],
  [
    'instructions/new_verifier_set.rs',
    '«if config.set_id == 0 { 0 } else { config.timelock_secs }»',
    'config.timelock_secs',
  ],
  ['instructions/propose_root.rs', 'if «period::is_live(&pool.pending, now)» {', 'false'],
  [
    'instructions/propose_root.rs',
    'if «pool.pending.state != PENDING_NONE && !period::is_live(&pool.pending, now)» {',
    'false',
  ],
  [
    'instructions/propose_root.rs',
    'if «pool.pending.state != PENDING_NONE && !period::is_live(&pool.pending, now)» {',
    'pool.pending.state != PENDING_NONE',
  ],
  [
    'instructions/propose_root.rs',
    'if «pool.pending.state != PENDING_NONE && !period::is_live(&pool.pending, now)» {',
    '!period::is_live(&pool.pending, now)',
  ],
  [
    'instructions/pull.rs',
    '«crate::subtract(cumulative, escrow.pulled, Error::NothingDue)?»',
    'cumulative.wrapping_sub(escrow.pulled)',
  ],
  ['instructions/refund.rs', '«pool.retired != 0 || now >= lost_at»', 'now >= lost_at'],
  ['instructions/refund.rs', '«pool.retired != 0 || now >= lost_at»', 'pool.retired != 0'],
  ['instructions/refund.rs', 'let mut spent = «escrow.pulled»;', '0'],
  ['instructions/refund.rs', 'if «!is_over» {', 'true'],
  [
    'instructions/refund.rs',
    '«pool.pending.state == PENDING_ATTESTED && period::is_live(&pool.pending, now)»',
    'pool.pending.state == PENDING_ATTESTED',
  ],
  [
    'instructions/refund.rs',
    '«pool.pending.state == PENDING_ATTESTED && period::is_live(&pool.pending, now)»',
    'period::is_live(&pool.pending, now)',
  ],
  ['instructions/refund.rs', 'if «escrow.index < pool.spend_leaf_count» {', 'true'],
  ['instructions/refund.rs', 'if «recipient == account.key()» {', 'true'],
  ['instructions/refund.rs', '«spent.max(cumulative)»', 'cumulative'],
  ['instructions/refund.rs', '«crate::add(spent, escrow.refunded)?»', 'spent'],
  [
    'instructions/request_refund.rs',
    '«escrow.refund_from.min(crate::add(now, config.grace_secs)?)»',
    'crate::add(now, config.grace_secs)?',
  ],
  [
    'instructions/retire_pool.rs',
    '«pool.claimed_total == pool.total && pool.pulled_total == pool.total»',
    'pool.pulled_total == pool.total',
  ],
  [
    'instructions/retire_pool.rs',
    '«pool.claimed_total == pool.total && pool.pulled_total == pool.total»',
    'pool.claimed_total == pool.total',
  ],
  ['instructions/unbond.rs', '«account.close(verifier)»', 'Ok(())'],
  [
    'instructions/veto.rs',
    '«(pool.extra_quorum + 1).min(MEMBERS_MAX as u8)»',
    'pool.extra_quorum + 1',
  ],
];

/** What no test over the chain can notice, and why. Each has to be a mutant. */
export const UNNOTICED: readonly [path: string, what: string, why: string][] = [
  [
    'account.rs',
    'require(!same_key(self.key(), heir.key()), Error::AccountUnrelated)?;',
    'who gets the rest has signed once; an account of ours never can',
  ],
  [
    'address.rs',
    'require(failed == 0, Error::AddressWrong)?;',
    'these seeds always derive an address; where a given bump does not, a test sees it',
  ],
  [
    'address.rs',
    'require(failed == 0, Error::AddressWrong)',
    'a call that fails ends the whole transaction and never comes back',
  ],
  [
    'address.rs',
    'require(seeds.len() < SEEDS_MAX, Error::AddressWrong)?;',
    'no instruction has as many seeds',
  ],
  [
    'address.rs',
    'require(call.accounts.len() <= CALL_ACCOUNTS_MAX, Error::AccountsMissing)?;',
    'no instruction calls with as many accounts',
  ],
  [
    'instructions/new_verifier_set.rs',
    'members > 0 && members as usize <= MEMBERS_MAX -> members as usize <= MEMBERS_MAX',
    'of nobody no quorum is more than half',
  ],
  [
    'instructions/retire_pool.rs',
    'pool.claimed_total == pool.total && pool.pulled_total == pool.total -> pool.claimed_total == pool.total',
    'no more is claimed than is pulled, and no more pulled than final',
  ],
  [
    'precompile.rs',
    'count > 0 && count <= MEMBERS_MAX && *zero == 0 -> count <= MEMBERS_MAX && *zero == 0',
    "the chain's own check refuses a list of no signatures that has a message",
  ],
  [
    'precompile.rs',
    'count > 0 && count <= MEMBERS_MAX && *zero == 0 -> count > 0 && *zero == 0',
    'a packet does not hold seventeen signatures',
  ],
  [
    'sysvars.rs',
    'failed == 0 && clock[4] <= i64::MAX as u64 -> clock[4] <= i64::MAX as u64',
    'the chain always has a clock',
  ],
  [
    'sysvars.rs',
    'failed == 0 && rent[0] < 1 << 40 -> rent[0] < 1 << 40',
    'the chain always has a price of rent',
  ],
  [
    'sysvars.rs',
    'require(bytes < 1 << 14, Error::RentUnreadable)?;',
    'no account of ours is as large',
  ],
];

/** The listed edits of one file. Throws where the source does not say what the list does. */
export function editMutants(path: string, text: string): Mutant[] {
  return EDITS.filter(([file]) => file === path).map(([, marked, now]) => {
    const [before = '', old = '', after = ''] = marked.split(/[«»]/);
    const found = [...text.matchAll(unbroken(before + old + after))];
    const [match] = found;
    if (match === undefined || found.length > 1) {
      throw new Error(`${path} has ${found.length} times, not once: ${before}${old}${after}`);
    }
    const start = match.index + before.length;
    const end = match.index + match[0].length - after.length;
    return makeMutant({ path, text, start, end, now });
  });
}

export const editedPaths = (): string[] => [...new Set(EDITS.map(([path]) => path))];

/** The text as a pattern that takes any white space for a space: rustfmt breaks lines. */
const unbroken = (text: string): RegExp =>
  new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(' ', '\\s+'), 'g');
