//! A poster opens an escrow. Its number in the pool is the index of its leaf in every spends tree.
//!
//! ```text
//! 0 [signer, writable] payer   1 [signer] poster   2 [] config   3 [writable] pool   4 [writable] escrow
//! 5 [] system program          for a token also: 6 [writable] vault   7 [] mint   8 [] token program
//! data: u64 nonce | u64 deadline
//! ```

use crate::{account::same_key, address, context::Context, money, require, sysvars, Error, Outcome};
use settlement_interface::accounts::{Config, Escrow, Pool, NATIVE};

pub fn run(context: &mut Context) -> Outcome {
    let [payer, poster, config_account, pool_account, account, _system, rest @ ..] =
        context.accounts
    else {
        return Err(Error::AccountsMissing);
    };
    let (nonce, deadline) = (context.data.u64()?, context.data.u64()?);
    context.data.end()?;
    poster.require_signer()?;
    let config = config_account.load::<Config>(context.program)?;
    let pool = pool_account.load::<Pool>(context.program)?;
    require(same_key(&pool.config, config_account.key()), Error::AccountUnrelated)?;
    require(config.paused == 0, Error::Paused)?;
    require(pool.retired == 0, Error::PoolRetired)?;
    require(deadline > sysvars::now()?, Error::EscrowOver)?;
    let seeds = [&b"esc"[..], pool_account.key(), poster.key(), &nonce.to_le_bytes()];
    let (escrow, bump) = address::create_ours::<Escrow>(context.program, (account, payer), &seeds)?;
    escrow.bump = bump;
    escrow.index = pool.escrow_count;
    escrow.pool = *pool_account.key();
    escrow.poster = *poster.key();
    escrow.rent_payer = *payer.key();
    escrow.nonce = nonce;
    escrow.refund_from = deadline;
    pool.escrow_count = pool.escrow_count.checked_add(1).ok_or(Error::Overflow)?;
    if !same_key(&pool.mint, &NATIVE) {
        let [_, mint, _] = rest else {
            return Err(Error::AccountsMissing);
        };
        mint.require_key(&pool.mint, Error::AccountUnrelated)?;
        (escrow.vault_bump, _) = money::create_vault(context.program, (account, payer), rest)?;
    }
    Ok(())
}
