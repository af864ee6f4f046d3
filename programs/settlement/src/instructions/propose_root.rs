//! Anyone brings the next root with signatures of verifiers; a quorum of up to five fits one transaction.
//!
//! ```text
//! 0 [] config   1 [writable] pool   2 [] verifier set   3 [] instructions sysvar
//! data: u64 period | key claim root | key spend root | u64 total | u32 claim leaves | u32 spend leaves
//!       | key data hash | u64 expires at
//! before it in the transaction: signatures (`precompile.rs`)
//! ```
//! A proposal with a whole quorum takes the place of one that is still collecting. With fewer signatures one is of the
//! member that has the turn, and has half a turn to become whole (`period.rs`). One that has expired raises the attempt: verifiers that had signed different contents under the
//! old one may agree on another.

use super::period;
use crate::{
    attestation::{hash_attestation, hash_content, Content},
    context::Context,
    precompile, require, sysvars, Error, Outcome,
};
use settlement_interface::accounts::{Pending, PENDING_ATTESTED, PENDING_NONE, ROOTS};

pub fn run(context: &mut Context) -> Outcome {
    let [config_account, account, set_account, sysvar] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    let data = &mut context.data;
    let number = data.u64()?;
    let (claim_root, spend_root, total) = (data.key()?, data.key()?, data.u64()?);
    let (claim_leaf_count, spend_leaf_count) = (data.u32()?, data.u32()?);
    let (data_hash, expires_at) = (data.key()?, data.u64()?);
    data.end()?;
    let (config, pool, set) =
        period::load_all(context.program, (config_account, account, set_account))?;
    let now = sysvars::now()?;
    require(config.paused == 0, Error::Paused)?;
    require(pool.retired == 0, Error::PoolRetired)?;
    period::require_active(config, set, now)?;
    if pool.pending.state != PENDING_NONE && !period::is_live(&pool.pending, now) {
        period::discard(pool)?;
    }
    let last = period::last_claim_root(pool);
    let content =
        Content { claim_root, spend_root, total, claim_leaf_count, spend_leaf_count, data_hash };
    let place = period::place_of(
        (config, pool),
        (context.program, account.key()),
        (set.set_id, &last),
    )?;
    require(number == place.period, Error::PeriodWrong)?;
    require(total >= pool.total, Error::TotalFalls)?;
    require(total - pool.total <= pool.period_cap, Error::PeriodCap)?;
    require(claim_leaf_count >= pool.roots[pool.period as usize % ROOTS].leaf_count, Error::TotalFalls)?;
    require(spend_leaf_count >= pool.spend_leaf_count, Error::TotalFalls)?;
    // An escrow that is not there yet cannot have spent.
    require(spend_leaf_count <= pool.escrow_count, Error::IndexOutOfRange)?;
    require(now <= expires_at, Error::AttestationExpired)?;
    require(expires_at <= crate::add(now, config.grace_secs)?, Error::ExpiryTooFar)?;
    let digest = hash_attestation(&place, &hash_content(&content), expires_at);
    let signed = precompile::signed_before(sysvar, 1)?;
    signed.require_message(&digest)?;
    let bits = signed.bits(&set.keys[..set.members as usize])?;
    let whole = bits.count_ones() >= period::quorum_of(pool, set);
    if period::is_live(&pool.pending, now) {
        require(whole && pool.pending.state != PENDING_ATTESTED, Error::RootPending)?;
    }
    let turn = period::turn_of(config, set, now);
    require(whole || bits >> turn & 1 == 1, Error::TurnOfAnother)?;
    pool.pending = Pending {
        state: 0,
        reserved: 0,
        signers: 0,
        set_id: set.set_id,
        claim_root: *claim_root,
        spend_root: *spend_root,
        data_hash: *data_hash,
        total,
        claim_leaf_count,
        spend_leaf_count,
        challenge_end: period::collects_until(config, now)?,
        expires_at,
        digest,
    };
    period::add_signers(pool, (config, set), (bits, now))
}
