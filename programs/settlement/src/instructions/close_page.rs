//! Anyone closes a page of a retired pool; its rent goes back to who paid it. Not before: a page made anew would
//! know of no payment.
//!
//! ```text
//! 0 [] pool   1 [writable] page   2 [writable] rent payer
//! ```

use crate::{account::same_key, context::Context, require, Error, Outcome};
use settlement_interface::accounts::{Page, Pool};

pub fn run(context: &mut Context) -> Outcome {
    let [pool_account, account, rent_payer] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    context.data.end()?;
    let pool = pool_account.load::<Pool>(context.program)?;
    let page = account.load::<Page>(context.program)?;
    require(same_key(&page.pool, pool_account.key()), Error::PageWrong)?;
    require(pool.retired != 0, Error::PoolOwes)?;
    require(same_key(&page.rent_payer, rent_payer.key()), Error::RecipientWrong)?;
    account.close(rent_payer)
}
