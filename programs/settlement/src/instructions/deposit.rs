//! Anyone pays into an escrow that is not over and whose poster has not asked for a refund.
//!
//! ```text
//! 0 [signer, writable] depositor   1 [] config   2 [] pool   3 [writable] escrow   4 [] system program
//! for a token also: 5.. tokens (`money.rs`), from an account of the depositor's to the escrow's vault
//! data: u64 amount
//! ```

use crate::{
    account::same_key, address, context::Context, money::Tokens, require, sysvars, Error, Outcome,
};
use settlement_interface::accounts::{Config, Escrow, Pool};

pub fn run(context: &mut Context) -> Outcome {
    let [depositor, config_account, pool_account, account, _system, rest @ ..] = context.accounts
    else {
        return Err(Error::AccountsMissing);
    };
    let amount = context.data.u64()?;
    context.data.end()?;
    require(amount > 0, Error::AmountZero)?;
    depositor.require_signer()?;
    let config = config_account.load::<Config>(context.program)?;
    let pool = pool_account.load::<Pool>(context.program)?;
    let escrow = account.load::<Escrow>(context.program)?;
    require(same_key(&pool.config, config_account.key()), Error::AccountUnrelated)?;
    require(same_key(&escrow.pool, pool_account.key()), Error::AccountUnrelated)?;
    require(config.paused == 0, Error::Paused)?;
    require(pool.retired == 0, Error::PoolRetired)?;
    require(escrow.requested == 0, Error::EscrowOver)?;
    require(sysvars::now()? < escrow.refund_from, Error::EscrowOver)?;
    escrow.deposited = crate::add(escrow.deposited, amount)?;
    match Tokens::of(pool, rest)? {
        None => address::pay(depositor, account, amount),
        Some(tokens) => {
            tokens.require_to_vault(context.program, account.key(), escrow.vault_bump)?;
            tokens.transfer(depositor, amount, (pool.decimals, None))
        }
    }
}
