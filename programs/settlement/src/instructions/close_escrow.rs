//! A poster closes an empty escrow; its rent goes back to who paid it.
//!
//! ```text
//! 0 [signer] poster   1 [] pool   2 [writable] escrow   3 [writable] rent payer
//! for a token also: 4 [writable] vault   5 [] token program
//! ```
//! Tokens that were sent to the vault without a deposit keep it open: the token program closes empty accounts only.

use crate::{
    account::same_key,
    address::{invoke, Call, Signer},
    context::Context,
    money, programs, require, Error, Outcome,
};
use settlement_interface::accounts::{Escrow, Pool, NATIVE};

pub fn run(context: &mut Context) -> Outcome {
    let [poster, pool_account, account, rent_payer, rest @ ..] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    context.data.end()?;
    poster.require_signer()?;
    let pool = pool_account.load::<Pool>(context.program)?;
    let escrow = account.load::<Escrow>(context.program)?;
    require(same_key(&escrow.pool, pool_account.key()), Error::AccountUnrelated)?;
    require(same_key(&escrow.poster, poster.key()), Error::NotPoster)?;
    require(same_key(&escrow.rent_payer, rent_payer.key()), Error::RecipientWrong)?;
    let gone = crate::add(escrow.pulled, escrow.refunded)?;
    require(gone == escrow.deposited, Error::EscrowNotEmpty)?;
    if !same_key(&pool.mint, &NATIVE) {
        let [vault, token] = rest else {
            return Err(Error::AccountsMissing);
        };
        token.require_key(&programs::TOKEN, Error::ProgramWrong)?;
        let nonce = escrow.nonce.to_le_bytes();
        let seeds = [&b"esc"[..], &escrow.pool, &escrow.poster, &nonce];
        let signer = Signer { seeds: &seeds, bump: escrow.bump };
        // Anyone can make a token account that obeys this escrow: it must be the vault.
        money::require_vault(context.program, vault, account.key(), escrow.vault_bump)?;
        // 9: close account
        let accounts = &[(*vault, true, false), (*rent_payer, true, false), (*account, false, true)];
        invoke(&Call { program: &programs::TOKEN, accounts, data: &[9] }, Some(&signer))?;
    }
    account.close(rent_payer)
}
