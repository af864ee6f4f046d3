//! Guardian or admin throw a pending root out, for what no proof on the chain can show. The next one needs
//! one signature more.
//!
//! ```text
//! 0 [signer] guardian or admin   1 [] config   2 [writable] pool
//! ```

use super::period;
use crate::{account::same_key, context::Context, require, Error, Outcome};
use settlement_interface::accounts::{Config, Pool, MEMBERS_MAX, PENDING_NONE};

pub fn run(context: &mut Context) -> Outcome {
    let [guardian, config_account, account] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    context.data.end()?;
    guardian.require_signer()?;
    let config = config_account.load::<Config>(context.program)?;
    let pool = account.load::<Pool>(context.program)?;
    require(same_key(&pool.config, config_account.key()), Error::AccountUnrelated)?;
    let may =
        same_key(guardian.key(), &config.guardian) || same_key(guardian.key(), &config.admin);
    require(may, Error::NotGuardian)?;
    require(pool.pending.state != PENDING_NONE, Error::NothingPending)?;
    pool.extra_quorum = (pool.extra_quorum + 1).min(MEMBERS_MAX as u8);
    period::discard(pool)
}
