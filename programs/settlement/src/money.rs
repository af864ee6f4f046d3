//! Money in its two forms. In a pool of NATIVE mint it is lamports of the pool's and the escrows' own accounts;
//! otherwise tokens of one mint of the classic token program, in a vault beside each.

use crate::{
    account::{same_key, Account},
    address::{self, Call, New, Signer},
    programs, require, Error, Key, Outcome,
};
use settlement_interface::accounts::{Escrow, Pool, NATIVE};

const TOKEN_ACCOUNT: usize = 165;
const MINT: usize = 82;
const MINT_DECIMALS_AT: usize = 44;

/// Accounts at the end of an instruction's list, for pools of tokens alone:
/// ```text
/// 0 [writable] token account money comes from   1 [writable] token account it goes to
/// 2 [] mint                                      3 [] token program
/// ```
pub struct Tokens<'a> {
    from: &'a Account,
    to: &'a Account,
    mint: &'a Account,
}

impl<'a> Tokens<'a> {
    /// None for a pool of lamports.
    #[inline(always)]
    pub fn of(pool: &Pool, rest: &'a [Account]) -> Outcome<Option<Self>> {
        if same_key(&pool.mint, &NATIVE) {
            return Ok(None);
        }
        let [from, to, mint, program] = rest else {
            return Err(Error::AccountsMissing);
        };
        program.require_key(&programs::TOKEN, Error::ProgramWrong)?;
        mint.require_key(&pool.mint, Error::AccountUnrelated)?;
        Ok(Some(Self { from, to, mint }))
    }

    /// The money comes from the vault of `owner`.
    pub fn require_from_vault(&self, program: &Key, owner: &Key, bump: u8) -> Outcome {
        require_vault(program, self.from, owner, bump)
    }

    /// The money goes into the vault of `owner`.
    pub fn require_to_vault(&self, program: &Key, owner: &Key, bump: u8) -> Outcome {
        require_vault(program, self.to, owner, bump)
    }

    /// The money goes to the wallet's associated token account, and that is still the wallet's own.
    pub fn require_to_wallet(&self, wallet: &Key, bump: u8) -> Outcome {
        let seeds = [&wallet[..], &programs::TOKEN, self.mint.key()];
        let key = address::derive(&programs::ASSOCIATED_TOKEN, &seeds, bump)?;
        self.to.require_key(&key, Error::TokenAccountWrong)?;
        require(self.to.data_len() == TOKEN_ACCOUNT, Error::TokenAccountWrong)?;
        require(self.to.data()[32..64] == wallet[..], Error::TokenAccountWrong)
    }

    /// TransferChecked: the token program looks at mint, decimals and balances.
    pub fn transfer(&self, authority: &Account, amount: u64, how: (u8, Option<&Signer>)) -> Outcome {
        let (decimals, signer) = how;
        // u8 12 | u64 amount | u8 decimals
        let mut data = [12; 10];
        data[1..9].copy_from_slice(&amount.to_le_bytes());
        data[9] = decimals;
        let accounts = &[
            (*self.from, true, false),
            (*self.mint, false, false),
            (*self.to, true, false),
            (*authority, false, true),
        ];
        address::invoke(&Call { program: &programs::TOKEN, accounts, data: &data }, signer)
    }
}

/// The token account at ["vault", owner].
pub fn require_vault(program: &Key, vault: &Account, owner: &Key, bump: u8) -> Outcome {
    let key = address::derive(program, &[b"vault", owner], bump)?;
    vault.require_key(&key, Error::TokenAccountWrong)
}

/// Lamports from one account of ours to another account. What a ledger of ours says is there has been paid in
/// beyond rent, so rent stays.
#[inline(always)]
pub fn move_lamports(from: &Account, to: &Account, lamports: u64) -> Outcome {
    require(!same_key(from.key(), to.key()), Error::RecipientWrong)?;
    let left = crate::subtract(from.lamports(), lamports, Error::EscrowShort)?;
    let sum = crate::add(to.lamports(), lamports)?;
    // SAFETY: both headers are there, and they are different accounts.
    unsafe {
        *from.lamports_pointer() = left;
        *to.lamports_pointer() = sum;
    }
    Ok(())
}

/// A token account at ["vault", owner] that obeys `owner`. `rest`: vault, mint, token program. Returns the
/// vault's bump and the mint's decimals.
pub fn create_vault(
    program: &Key,
    (owner, payer): (&Account, &Account),
    rest: &[Account],
) -> Outcome<(u8, u8)> {
    let [vault, mint, token, ..] = rest else {
        return Err(Error::AccountsMissing);
    };
    token.require_key(&programs::TOKEN, Error::ProgramWrong)?;
    require(mint.is_owned_by(&programs::TOKEN) && mint.data_len() == MINT, Error::ProgramWrong)?;
    let seeds = [&b"vault"[..], owner.key()];
    let new =
        New { account: vault, payer, seeds: &seeds, bytes: TOKEN_ACCOUNT, owner: &programs::TOKEN };
    let bump = address::create(program, &new)?;
    // u8 18 initialize account | key owner
    let mut data = [18; 33];
    data[1..].copy_from_slice(owner.key());
    let accounts = &[(*vault, true, false), (*mint, false, false)];
    address::invoke(&Call { program: &programs::TOKEN, accounts, data: &data }, None)?;
    Ok((bump, mint.data()[MINT_DECIMALS_AT]))
}

/// Out of an escrow, of either form. What goes where is checked before. (Inlined: the machine passes five words.)
#[inline(always)]
pub fn out_of_escrow(
    (account, escrow): (&Account, &Escrow),
    (to, tokens): (&Account, &Option<Tokens>),
    (amount, decimals): (u64, u8),
) -> Outcome {
    let Some(tokens) = tokens else {
        return move_lamports(account, to, amount);
    };
    let nonce = escrow.nonce.to_le_bytes();
    let seeds = [&b"esc"[..], &escrow.pool, &escrow.poster, &nonce];
    let signer = Signer { seeds: &seeds, bump: escrow.bump };
    tokens.transfer(account, amount, (decimals, Some(&signer)))
}
