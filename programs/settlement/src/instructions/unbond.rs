//! A verifier asks its bond back and, once nothing it has signed can still be challenged, takes it and the rent.
//!
//! ```text
//! 0 [signer, writable] verifier   1 [] config   2 [writable] bond
//! ```

use crate::{account::same_key, context::Context, require, sysvars, Error, Outcome};
use settlement_interface::accounts::{Bond, Config};

pub fn run(context: &mut Context) -> Outcome {
    let [verifier, config_account, account] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    context.data.end()?;
    verifier.require_signer()?;
    let config = config_account.load::<Config>(context.program)?;
    let bond = account.load::<Bond>(context.program)?;
    require(same_key(&bond.config, config_account.key()), Error::AccountUnrelated)?;
    require(same_key(&bond.verifier, verifier.key()), Error::NotVerifier)?;
    let now = sysvars::now()?;
    if bond.unlock_at == 0 {
        bond.unlock_at = crate::add(now, config.unbond_secs)?;
        return Ok(());
    }
    require(now >= bond.unlock_at, Error::BondLocked)?;
    account.close(verifier)
}
