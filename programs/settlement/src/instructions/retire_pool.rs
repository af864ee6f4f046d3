//! The admin ends a pool that owes nobody: all that is final is pulled, and all that is pulled is claimed.
//!
//! ```text
//! 0 [signer] admin   1 [] config   2 [writable] pool
//! ```

use super::period;
use crate::{account::same_key, context::Context, require, sysvars, Error, Outcome};
use settlement_interface::accounts::{Config, Pool};

pub fn run(context: &mut Context) -> Outcome {
    let [admin, config_account, account] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    context.data.end()?;
    admin.require_signer()?;
    let config = config_account.load::<Config>(context.program)?;
    let pool = account.load::<Pool>(context.program)?;
    require(same_key(&pool.config, config_account.key()), Error::AccountUnrelated)?;
    admin.require_key(&config.admin, Error::NotAdmin)?;
    require(!period::is_live(&pool.pending, sysvars::now()?), Error::RootPending)?;
    let settled = pool.claimed_total == pool.total && pool.pulled_total == pool.total;
    require(settled, Error::PoolOwes)?;
    pool.retired = 1;
    Ok(())
}
