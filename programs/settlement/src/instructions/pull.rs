//! Anyone moves what an escrow has spent, by the last final spends tree, into the pool.
//!
//! ```text
//! 0 [writable] pool   1 [writable] escrow   for a token also: 2.. tokens, from the escrow's vault to the pool's
//! data: u64 cumulative | proof
//! ```

use crate::{
    account::same_key,
    context::Context,
    money::{self, Tokens},
    require,
    tree::{check_proof, Expected, Leaf, SPEND_TAG},
    Error, Outcome,
};
use settlement_interface::accounts::{Escrow, Pool};

pub fn run(context: &mut Context) -> Outcome {
    let [pool_account, account, rest @ ..] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    let cumulative = context.data.u64()?;
    let proof = context.data.0;
    let pool = pool_account.load::<Pool>(context.program)?;
    let escrow = account.load::<Escrow>(context.program)?;
    require(same_key(&escrow.pool, pool_account.key()), Error::AccountUnrelated)?;
    let leaf = Leaf {
        tag: SPEND_TAG,
        pool: pool_account.key(),
        index: escrow.index,
        recipient: account.key(),
        cumulative,
    };
    let (root, total, leaf_count) = (&pool.spend_root, pool.total, pool.spend_leaf_count);
    check_proof(&leaf, proof, &Expected { root, total, leaf_count })?;
    let due = crate::subtract(cumulative, escrow.pulled, Error::NothingDue)?;
    require(due > 0, Error::NothingDue)?;
    escrow.pulled = cumulative;
    let gone = crate::add(escrow.pulled, escrow.refunded)?;
    require(gone <= escrow.deposited, Error::EscrowShort)?;
    pool.pulled_total = crate::add(pool.pulled_total, due)?;
    // Were leaves to fall and others to rise from period to period, more could be pulled than any tree says.
    require(pool.pulled_total <= pool.total, Error::TotalFalls)?;
    let tokens = Tokens::of(pool, rest)?;
    if let Some(tokens) = &tokens {
        tokens.require_from_vault(context.program, account.key(), escrow.vault_bump)?;
        tokens.require_to_vault(context.program, pool_account.key(), pool.vault_bump)?;
    }
    money::out_of_escrow((account, escrow), (pool_account, &tokens), (due, pool.decimals))
}
