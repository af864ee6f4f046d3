//! Fraud (a): a pending claims tree takes back what the last final one says: its leaf at the same index is lower, or
//! somebody else's.
//!
//! ```text
//! 0 [] config   1 [writable] pool   2 [] verifier set   3 [writable] challenger   4 [writable] treasury
//! 5.. [writable] bonds (`challenge.rs`)
//! data: u32 index | key pending recipient | u64 pending cumulative | key final recipient | u64 final cumulative
//!       | pending proof | final proof
//! ```

use super::{challenge, period};
use crate::{
    context::Context,
    require,
    tree::{check_proof, depth_of, Expected, Leaf, CLAIM_TAG, STEP},
    Error, Outcome,
};
use settlement_interface::accounts::ROOTS;

pub fn run(context: &mut Context) -> Outcome {
    let [config_account, account, set_account, challenger, treasury, bonds @ ..] =
        context.accounts
    else {
        return Err(Error::AccountsMissing);
    };
    let data = &mut context.data;
    let index = data.u32()?;
    let (pending_recipient, pending_cumulative) = (data.key()?, data.u64()?);
    let (final_recipient, final_cumulative) = (data.key()?, data.u64()?);
    let (config, pool, set) =
        period::load_all(context.program, (config_account, account, set_account))?;
    challenge::require_pending(pool)?;
    let pending_proof = data.bytes(depth_of(pool.pending.claim_leaf_count) as usize * STEP)?;
    let leaf_of = |recipient, cumulative| Leaf {
        tag: CLAIM_TAG,
        pool: account.key(),
        index,
        recipient,
        cumulative,
    };
    let (root, leaf_count) = (&pool.pending.claim_root, pool.pending.claim_leaf_count);
    let expected = Expected { root, total: pool.pending.total, leaf_count };
    check_proof(&leaf_of(pending_recipient, pending_cumulative), pending_proof, &expected)?;
    let last = &pool.roots[pool.period as usize % ROOTS];
    let expected =
        Expected { root: &last.claim_root, total: last.total, leaf_count: last.leaf_count };
    check_proof(&leaf_of(final_recipient, final_cumulative), data.0, &expected)?;
    // An empty leaf may become anybody's.
    let was_empty = *final_recipient == [0; 32] && final_cumulative == 0;
    let taken = final_recipient != pending_recipient || pending_cumulative < final_cumulative;
    require(taken && !was_empty, Error::NoFraud)?;
    let heirs = challenge::Heirs { challenger, treasury };
    challenge::punish((context.program, config_account), (config, pool, set), (&heirs, bonds))
}
