//! An operator writes down who decides and how long things take. None of it changes afterwards.
//!
//! ```text
//! 0 [signer, writable] payer   1 [signer] admin   2 [writable] config   3 [] system program
//! data: key guardian | key treasury | key cluster tag | u16 fee bps
//!       | u64 challenge | u64 timelock | u64 grace | u64 dead man | u64 unbond, in seconds
//! ```
//! The cluster tag is the genesis hash: the same program id has the same addresses on every cluster.

use crate::{address, context::Context, require, Error, Outcome};
use settlement_interface::accounts::Config;

const FEE_BPS_MAX: u16 = 1_000;
const YEAR_SECS: u64 = 365 * 24 * 3_600;

pub fn run(context: &mut Context) -> Outcome {
    let [payer, admin, account, _system] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    let data = &mut context.data;
    let (guardian, treasury, cluster_tag) = (data.key()?, data.key()?, data.key()?);
    let fee_bps = data.u16()?;
    let mut secs = [0; 5];
    for each in &mut secs {
        *each = data.u64()?;
    }
    data.end()?;
    let [challenge_secs, timelock_secs, grace_secs, dead_man_secs, unbond_secs] = secs;
    admin.require_signer()?;
    require(fee_bps <= FEE_BPS_MAX, Error::SettingOutOfRange)?;
    require(secs.iter().all(|each| *each > 0 && *each <= YEAR_SECS), Error::SettingOutOfRange)?;
    // A root is final within grace of its proposal; the window ends before that, bonds and the dead man's rule outlast it.
    require(challenge_secs < grace_secs, Error::SettingOutOfRange)?;
    require(grace_secs < dead_man_secs, Error::SettingOutOfRange)?;
    require(grace_secs < unbond_secs, Error::SettingOutOfRange)?;
    let seeds = [&b"cfg"[..], admin.key()];
    let (config, bump) =
        address::create_ours::<Config>(context.program, (account, payer), &seeds)?;
    config.bump = bump;
    config.fee_bps = fee_bps;
    config.admin = *admin.key();
    config.guardian = *guardian;
    config.treasury = *treasury;
    config.cluster_tag = *cluster_tag;
    config.challenge_secs = challenge_secs;
    config.timelock_secs = timelock_secs;
    config.grace_secs = grace_secs;
    config.dead_man_secs = dead_man_secs;
    config.unbond_secs = unbond_secs;
    Ok(())
}
