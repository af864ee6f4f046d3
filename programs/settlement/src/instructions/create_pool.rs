//! The admin opens a pool for SOL or for one token.
//!
//! ```text
//! 0 [signer, writable] payer   1 [signer] admin   2 [] config   3 [writable] pool   4 [] system program
//! for a token also: 5 [writable] vault   6 [] mint   7 [] token program
//! data: u64 period cap
//! ```
//! No more than the cap can be added to the total in one period, whoever signs.

use crate::{address, context::Context, money, require, sysvars, Error, Key, Outcome};
use settlement_interface::accounts::{Config, Pool, NATIVE};

pub fn run(context: &mut Context) -> Outcome {
    let [payer, admin, config_account, account, _system, rest @ ..] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    let period_cap = context.data.u64()?;
    context.data.end()?;
    require(period_cap > 0, Error::SettingOutOfRange)?;
    let config = config_account.load::<Config>(context.program)?;
    admin.require_signer()?;
    admin.require_key(&config.admin, Error::NotAdmin)?;
    let mint: Key = match rest {
        [] => NATIVE,
        [_, mint, _] => *mint.key(),
        _ => return Err(Error::AccountsMissing),
    };
    let seeds = [&b"pool"[..], config_account.key(), &mint];
    let (pool, bump) = address::create_ours::<Pool>(context.program, (account, payer), &seeds)?;
    pool.bump = bump;
    pool.config = *config_account.key();
    pool.mint = mint;
    pool.period_cap = period_cap;
    pool.finalized_at = sysvars::now()?;
    if !rest.is_empty() {
        (pool.vault_bump, pool.decimals) =
            money::create_vault(context.program, (account, payer), rest)?;
    }
    Ok(())
}
