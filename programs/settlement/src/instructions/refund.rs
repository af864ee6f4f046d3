//! Anyone sends a poster back what its escrow holds and no final tree says is spent.
//!
//! ```text
//! 0 [] config   1 [] pool   2 [writable] escrow   3 [writable] poster
//! for a token also: 4.. tokens, from the escrow's vault to the poster's associated account
//! data: u8 bump of the associated account, 0 for SOL | key recipient | u64 cumulative | proof
//! ```
//! When: from the deadline, or grace after the poster asked; or when no root has become final for the dead man's
//! time. What: all but the leaf at the escrow's index in the last spends tree. A leaf there that names another
//! recipient, or none, has spent nothing of this escrow. No proof is needed where the tree has no such leaf, in a
//! retired pool, and after twice the dead man's time: whoever held proofs had that long to pull.

use crate::{
    account::same_key,
    context::Context,
    money::{self, Tokens},
    require, sysvars,
    tree::{check_proof, Expected, Leaf, SPEND_TAG},
    Error, Outcome,
};
use super::period;
use settlement_interface::accounts::{Config, Escrow, Pool, PENDING_ATTESTED};

pub fn run(context: &mut Context) -> Outcome {
    let [config_account, pool_account, account, poster, rest @ ..] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    let (wallet_bump, recipient, cumulative) =
        (context.data.u8()?, context.data.key()?, context.data.u64()?);
    let proof = context.data.0;
    let config = config_account.load::<Config>(context.program)?;
    let pool = pool_account.load::<Pool>(context.program)?;
    let escrow = account.load::<Escrow>(context.program)?;
    require(same_key(&pool.config, config_account.key()), Error::AccountUnrelated)?;
    require(same_key(&escrow.pool, pool_account.key()), Error::AccountUnrelated)?;
    require(same_key(&escrow.poster, poster.key()), Error::NotPoster)?;
    let now = sysvars::now()?;
    let dead_at = crate::add(pool.finalized_at, config.dead_man_secs)?;
    let lost_at = crate::add(dead_at, config.dead_man_secs)?;
    let is_over = pool.retired != 0 || now >= lost_at;
    require(is_over || now >= escrow.refund_from || now >= dead_at, Error::RefundEarly)?;
    let mut spent = escrow.pulled;
    if !is_over {
        // What verifiers have attested is about to count: make it final first, in the same transaction.
        let awaited =
            pool.pending.state == PENDING_ATTESTED && period::is_live(&pool.pending, now);
        require(!awaited, Error::RootPending)?;
        if escrow.index < pool.spend_leaf_count {
            let leaf = Leaf {
                tag: SPEND_TAG,
                pool: pool_account.key(),
                index: escrow.index,
                recipient,
                cumulative,
            };
            let (root, total, leaf_count) = (&pool.spend_root, pool.total, pool.spend_leaf_count);
            check_proof(&leaf, proof, &Expected { root, total, leaf_count })?;
            if recipient == account.key() {
                spent = spent.max(cumulative);
            }
        }
    }
    let kept = crate::add(spent, escrow.refunded)?;
    let back = escrow.deposited.saturating_sub(kept);
    require(back > 0, Error::NothingToRefund)?;
    escrow.refunded = crate::add(escrow.refunded, back)?;
    let tokens = Tokens::of(pool, rest)?;
    if let Some(tokens) = &tokens {
        tokens.require_from_vault(context.program, account.key(), escrow.vault_bump)?;
        tokens.require_to_wallet(poster.key(), wallet_bump)?;
    }
    money::out_of_escrow((account, escrow), (poster, &tokens), (back, pool.decimals))
}
