//! Fraud (c): one verifier signed two contents for one attempt at one period. It loses its bond; a pending root
//! stands, or a verifier could stop any for the price of a small bond.
//!
//! ```text
//! 0 [] config   1 [] pool   2 [] instructions sysvar   3 [writable] challenger   4 [writable] treasury
//! 5 [writable] bond
//! data: key verifier | u32 set | u64 period | u64 attempt | 2 x { key previous claim root | key content | u64 expires at }
//! before it in the transaction, in reverse: the verifier's signature of the first, and of the second statement
//! ```
//! Signing the same content anew with a later expiry is no fraud: nobody is misled by that.

use super::challenge;
use crate::{
    account::same_key,
    attestation::{hash_attestation, Place},
    context::Context,
    precompile, require, Error, Outcome,
};
use settlement_interface::accounts::{Config, Pool};

pub fn run(context: &mut Context) -> Outcome {
    let [config_account, pool_account, sysvar, challenger, treasury, account] = context.accounts
    else {
        return Err(Error::AccountsMissing);
    };
    let data = &mut context.data;
    let (verifier, set_id, number, attempt) = (data.key()?, data.u32()?, data.u64()?, data.u64()?);
    let config = config_account.load::<Config>(context.program)?;
    let pool = pool_account.load::<Pool>(context.program)?;
    require(same_key(&pool.config, config_account.key()), Error::AccountUnrelated)?;
    let mut contents = [&[0; 32]; 2];
    for (content, back) in contents.iter_mut().zip(1..) {
        let previous = data.key()?;
        *content = data.key()?;
        let expires_at = data.u64()?;
        let place = Place {
            cluster_tag: &config.cluster_tag,
            program: context.program,
            pool: pool_account.key(),
            set_id,
            period: number,
            attempt,
            previous,
        };
        let signed = precompile::signed_before(sysvar, back)?;
        signed.require_message(&hash_attestation(&place, content, expires_at))?;
        require(signed.is_only(verifier), Error::SignerUnknown)?;
    }
    data.end()?;
    require(contents[0] != contents[1], Error::NoFraud)?;
    treasury.require_key(&config.treasury, Error::RecipientWrong)?;
    let heirs = challenge::Heirs { challenger, treasury };
    challenge::slash((context.program, config_account), (account, verifier), &heirs)
}
