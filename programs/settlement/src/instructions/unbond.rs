//! A verifier asks its bond back and, once nothing it has signed can still be challenged, takes it and the rent.
//!
//! ```text
//! 0 [signer, writable] verifier   1 [] config   2 [writable] bond   3 [] newest set   4 [] set before it
//! ```
//! A member of the set that serves, or of the one that waits to, can neither ask nor take: it could sign fraud and be
//! gone in the next transaction. What a member of the set before had asked for while that set served counts for nothing.

use crate::{account::{same_key, Account}, context::Context, require, sysvars, Error, Key, Outcome};
use settlement_interface::accounts::{Bond, Config, VerifierSet};

pub fn run(context: &mut Context) -> Outcome {
    let [verifier, config_account, account, newest, before] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    context.data.end()?;
    verifier.require_signer()?;
    let config = config_account.load::<Config>(context.program)?;
    let bond = account.load::<Bond>(context.program)?;
    require(same_key(&bond.config, config_account.key()), Error::AccountUnrelated)?;
    require(same_key(&bond.verifier, verifier.key()), Error::NotVerifier)?;
    let of = (context.program, config_account.key());
    let is_named = is_member(of, (newest, config.set_id), verifier.key())?;
    let was_named = is_member(of, (before, config.previous_set_id), verifier.key())?;
    let now = sysvars::now()?;
    require(!is_named, Error::BondLocked)?;
    require(!was_named || now >= config.set_active_at, Error::BondLocked)?;
    let asked_out_of_service = if was_named {
        bond.unlock_at >= crate::add(config.set_active_at, config.unbond_secs)?
    } else {
        bond.unlock_at != 0
    };
    if !asked_out_of_service {
        bond.unlock_at = crate::add(now, config.unbond_secs)?;
        return Ok(());
    }
    require(now >= bond.unlock_at, Error::BondLocked)?;
    account.close(verifier)
}

/// Whether a verifier is in the set of this number; number 0 is no set.
fn is_member((program, config): (&Key, &Key), (account, set_id): (&Account, u32), key: &Key) -> Outcome<bool> {
    if set_id == 0 {
        return Ok(false);
    }
    let set = account.load::<VerifierSet>(program)?;
    require(same_key(&set.config, config), Error::AccountUnrelated)?;
    require(set.set_id == set_id, Error::AccountUnrelated)?;
    Ok(set.keys[..set.members as usize].contains(key))
}
