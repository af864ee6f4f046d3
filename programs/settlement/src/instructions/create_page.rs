//! Anyone makes room for 1,024 contributors.
//!
//! ```text
//! 0 [signer, writable] payer   1 [] pool   2 [writable] page   3 [] system program
//! data: u32 page number
//! ```

use crate::{address, context::Context, require, Error, Outcome};
use settlement_interface::accounts::{Page, Pool};

pub fn run(context: &mut Context) -> Outcome {
    let [payer, pool_account, account, _system] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    let page_no = context.data.u32()?;
    context.data.end()?;
    let pool = pool_account.load::<Pool>(context.program)?;
    require(pool.retired == 0, Error::PoolRetired)?;
    let seeds = [&b"page"[..], pool_account.key(), &page_no.to_le_bytes()];
    let (page, bump) = address::create_ours::<Page>(context.program, (account, payer), &seeds)?;
    page.bump = bump;
    page.page_no = page_no;
    page.pool = *pool_account.key();
    page.rent_payer = *payer.key();
    Ok(())
}
