//! Guardian or admin stop new escrows, deposits and roots; only the admin lets them go on. What is final stays
//! claimable, and refunds stay open: nobody can be locked in.
//!
//! ```text
//! 0 [signer] guardian or admin   1 [writable] config
//! data: u8 1 to pause, 0 to go on
//! ```

use crate::{account::same_key, context::Context, require, Error, Outcome};
use settlement_interface::accounts::Config;

pub fn run(context: &mut Context) -> Outcome {
    let [signer, account] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    let paused = context.data.u8()?;
    context.data.end()?;
    require(paused <= 1, Error::DataMalformed)?;
    signer.require_signer()?;
    let config = account.load::<Config>(context.program)?;
    let is_admin = same_key(signer.key(), &config.admin);
    let is_guardian = same_key(signer.key(), &config.guardian);
    require(is_admin || (is_guardian && paused == 1), Error::NotGuardian)?;
    config.paused = paused;
    Ok(())
}
