//! A verifier puts up lamports, or adds to them. What was asked back is not any more.
//!
//! ```text
//! 0 [signer, writable] verifier   1 [] config   2 [writable] bond   3 [] system program
//! data: u64 lamports
//! ```

use crate::{account::same_key, address, context::Context, require, Error, Outcome};
use crate::programs::SYSTEM;
use settlement_interface::accounts::{Bond, Config};

pub fn run(context: &mut Context) -> Outcome {
    let [verifier, config_account, account, _system] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    let lamports = context.data.u64()?;
    context.data.end()?;
    require(lamports > 0, Error::AmountZero)?;
    verifier.require_signer()?;
    config_account.load::<Config>(context.program)?;
    if account.is_owned_by(&SYSTEM) {
        let seeds = [&b"bond"[..], config_account.key(), verifier.key()];
        let (bond, bump) =
            address::create_ours::<Bond>(context.program, (account, verifier), &seeds)?;
        bond.bump = bump;
        bond.config = *config_account.key();
        bond.verifier = *verifier.key();
    }
    let bond = account.load::<Bond>(context.program)?;
    require(same_key(&bond.config, config_account.key()), Error::AccountUnrelated)?;
    require(same_key(&bond.verifier, verifier.key()), Error::NotVerifier)?;
    bond.amount = crate::add(bond.amount, lamports)?;
    bond.unlock_at = 0;
    address::pay(verifier, account, lamports)
}
