//! Anyone has a contributor paid: all that a claimable root says it has earned, less what it was paid before.
//!
//! ```text
//! 0 [writable] pool   1 [writable] page   2 [writable] recipient
//! for a token also: 3.. tokens, from the pool's vault to the recipient's associated account
//! data: u64 period | u32 index | u64 cumulative | u8 bump of the associated account, 0 for SOL | proof
//! ```

use crate::{
    account::same_key,
    address::Signer,
    context::Context,
    money::{self, Tokens},
    require,
    tree::{check_proof, Expected, Leaf, CLAIM_TAG},
    Error, Outcome,
};
use settlement_interface::accounts::{Page, Pool, PAGE_SLOTS, ROOTS};

pub fn run(context: &mut Context) -> Outcome {
    let [pool_account, page_account, recipient, rest @ ..] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    let data = &mut context.data;
    let (number, index, cumulative) = (data.u64()?, data.u32()?, data.u64()?);
    let wallet_bump = data.u8()?;
    let proof = data.0;
    let pool = pool_account.load::<Pool>(context.program)?;
    let page = page_account.load::<Page>(context.program)?;
    require(pool.retired == 0, Error::PoolRetired)?;
    require(same_key(&page.pool, pool_account.key()), Error::PageWrong)?;
    require(page.page_no == index / PAGE_SLOTS as u32, Error::PageWrong)?;
    let root = &pool.roots[number as usize % ROOTS];
    require(number > 0 && root.period == number, Error::RootUnknown)?;
    let leaf = Leaf {
        tag: CLAIM_TAG,
        pool: pool_account.key(),
        index,
        recipient: recipient.key(),
        cumulative,
    };
    let (total, leaf_count) = (root.total, root.leaf_count);
    check_proof(&leaf, proof, &Expected { root: &root.claim_root, total, leaf_count })?;
    let paid = &mut page.claimed[index as usize % PAGE_SLOTS];
    let due = crate::subtract(cumulative, *paid, Error::NothingDue)?;
    require(due > 0, Error::NothingDue)?;
    pool.claimed_total = crate::add(pool.claimed_total, due)?;
    require(pool.claimed_total <= pool.pulled_total, Error::NotPulled)?;
    // Written down before anything moves.
    *paid = cumulative;
    match Tokens::of(pool, rest)? {
        None => money::move_lamports(pool_account, recipient, due),
        Some(tokens) => {
            tokens.require_from_vault(context.program, pool_account.key(), pool.vault_bump)?;
            tokens.require_to_wallet(recipient.key(), wallet_bump)?;
            let seeds = [&b"pool"[..], &pool.config, &pool.mint];
            let signer = Signer { seeds: &seeds, bump: pool.bump };
            tokens.transfer(pool_account, due, (pool.decimals, Some(&signer)))
        }
    }
}
