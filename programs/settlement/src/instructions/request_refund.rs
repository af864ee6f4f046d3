//! A poster wants out before the deadline. What is spent by the end of the grace time is still paid; no more
//! can be deposited.
//!
//! ```text
//! 0 [signer] poster   1 [] config   2 [] pool   3 [writable] escrow
//! ```

use crate::{account::same_key, context::Context, require, sysvars, Error, Outcome};
use settlement_interface::accounts::{Config, Escrow, Pool};

pub fn run(context: &mut Context) -> Outcome {
    let [poster, config_account, pool_account, account] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    context.data.end()?;
    poster.require_signer()?;
    let config = config_account.load::<Config>(context.program)?;
    let pool = pool_account.load::<Pool>(context.program)?;
    let escrow = account.load::<Escrow>(context.program)?;
    require(same_key(&pool.config, config_account.key()), Error::AccountUnrelated)?;
    require(same_key(&escrow.pool, pool_account.key()), Error::AccountUnrelated)?;
    require(same_key(&escrow.poster, poster.key()), Error::NotPoster)?;
    require(escrow.requested == 0, Error::EscrowOver)?;
    let now = sysvars::now()?;
    escrow.requested = now;
    escrow.refund_from = escrow.refund_from.min(crate::add(now, config.grace_secs)?);
    Ok(())
}
