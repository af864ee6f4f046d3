//! The admin names the next verifiers. The first set serves at once, each later one after the timelock;
//! until then the one before it does, and no third can be named.
//!
//! ```text
//! 0 [signer, writable] payer   1 [signer] admin   2 [writable] config   3 [writable] set   4 [] system program
//! data: u8 quorum | u8 n | n x key
//! ```

use crate::{address, context::Context, require, sysvars, Error, Outcome};
use settlement_interface::accounts::{Config, VerifierSet, MEMBERS_MAX};

pub fn run(context: &mut Context) -> Outcome {
    let [payer, admin, config_account, account, _system] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    let data = &mut context.data;
    let (quorum, members) = (data.u8()?, data.u8()?);
    require(members > 0 && members as usize <= MEMBERS_MAX, Error::SetOutOfRange)?;
    // More than half, so that any two quorums share a member, and that one has a bond to lose.
    require(quorum <= members && quorum as u16 * 2 > members as u16, Error::SetOutOfRange)?;
    let config = config_account.load::<Config>(context.program)?;
    admin.require_signer()?;
    admin.require_key(&config.admin, Error::NotAdmin)?;
    let now = sysvars::now()?;
    require(now >= config.set_active_at, Error::SetPending)?;
    let set_id = config.set_id.checked_add(1).ok_or(Error::Overflow)?;
    let seeds = [&b"vset"[..], config_account.key(), &set_id.to_le_bytes()];
    let (set, bump) =
        address::create_ours::<VerifierSet>(context.program, (account, payer), &seeds)?;
    set.bump = bump;
    set.quorum = quorum;
    set.members = members;
    set.config = *config_account.key();
    set.set_id = set_id;
    for position in 0..members as usize {
        let key = data.key()?;
        require(!set.keys[..position].contains(key), Error::SetKeyTwice)?;
        set.keys[position] = *key;
    }
    data.end()?;
    let wait = if config.set_id == 0 { 0 } else { config.timelock_secs };
    config.set_active_at = crate::add(now, wait)?;
    config.previous_set_id = config.set_id;
    config.set_id = set_id;
    Ok(())
}
