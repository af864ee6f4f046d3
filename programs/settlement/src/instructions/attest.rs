//! Adds signatures to a root that is still collecting.
//!
//! ```text
//! 0 [] config   1 [writable] pool   2 [] verifier set   3 [] instructions sysvar
//! before it in the transaction: signatures (`precompile.rs`)
//! ```

use super::period;
use crate::{context::Context, precompile, require, sysvars, Error, Outcome};
use settlement_interface::accounts::PENDING_COLLECTING;

pub fn run(context: &mut Context) -> Outcome {
    let [config_account, account, set_account, sysvar] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    context.data.end()?;
    let (config, pool, set) =
        period::load_all(context.program, (config_account, account, set_account))?;
    let now = sysvars::now()?;
    require(config.paused == 0, Error::Paused)?;
    require(pool.pending.state == PENDING_COLLECTING, Error::NothingPending)?;
    require(period::is_live(&pool.pending, now), Error::AttestationExpired)?;
    require(set.set_id == pool.pending.set_id, Error::AccountUnrelated)?;
    period::require_active(config, set, now)?;
    let signed = precompile::signed_before(sysvar, 1)?;
    signed.require_message(&pool.pending.digest)?;
    let bits = signed.bits(&set.keys[..set.members as usize])?;
    period::add_signers(pool, (config, set), (bits, now))
}
