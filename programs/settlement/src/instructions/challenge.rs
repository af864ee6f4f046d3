//! What follows from provable fraud: the pending root is gone, and every verifier who signed it loses its bond,
//! half to the challenger, half to the treasury. A proof is checked on the spot, so a challenger risks a fee only.

use super::period;
use crate::{
    account::{same_key, Account},
    address, money, require, Error, Key, Outcome,
};
use settlement_interface::accounts::{Bond, Config, Pool, VerifierSet, PENDING_NONE};

/// Who gets what is lost.
pub struct Heirs<'a> {
    pub challenger: &'a Account,
    pub treasury: &'a Account,
}

/// Throws the pending root of `pool` out. `bonds`: that of each signer, in the order of the set, also where a
/// verifier has none and its address is empty.
pub fn punish(
    (program, config_account): (&Key, &Account),
    (config, pool, set): (&Config, &mut Pool, &VerifierSet),
    (heirs, bonds): (&Heirs, &[Account]),
) -> Outcome {
    require(set.set_id == pool.pending.set_id, Error::AccountUnrelated)?;
    heirs.treasury.require_key(&config.treasury, Error::RecipientWrong)?;
    let mut bonds = bonds.iter();
    for (member, verifier) in set.keys.iter().enumerate() {
        if pool.pending.signers & (1 << member) == 0 {
            continue;
        }
        let account = bonds.next().ok_or(Error::BondsMissing)?;
        if account.is_owned_by(program) {
            slash((program, config_account), (account, verifier), heirs)?;
        } else {
            let seeds = [&b"bond"[..], config_account.key(), verifier];
            let (key, _) = address::find(program, &seeds)?;
            account.require_key(&key, Error::BondsMissing)?;
        }
    }
    period::discard(pool)
}

/// Takes a verifier's whole bond; the rent stays with it.
pub fn slash(
    (program, config_account): (&Key, &Account),
    (account, verifier): (&Account, &Key),
    heirs: &Heirs,
) -> Outcome {
    let bond = account.load::<Bond>(program)?;
    require(same_key(&bond.config, config_account.key()), Error::AccountUnrelated)?;
    require(same_key(&bond.verifier, verifier), Error::BondsMissing)?;
    let half = bond.amount / 2;
    let rest = bond.amount - half;
    bond.amount = 0;
    money::move_lamports(account, heirs.challenger, half)?;
    money::move_lamports(account, heirs.treasury, rest)
}

pub fn require_pending(pool: &Pool) -> Outcome {
    require(pool.pending.state != PENDING_NONE, Error::NothingPending)
}
