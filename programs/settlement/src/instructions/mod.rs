//! One instruction, one file. Byte 0 of the data says which.

mod attest;
mod bond;
mod challenge;
mod challenge_claim;
mod challenge_double;
mod challenge_spend;
mod claim;
mod close_escrow;
mod close_page;
mod create_page;
mod create_pool;
mod deposit;
mod period;
mod finalize_root;
mod init_config;
mod new_verifier_set;
mod open_escrow;
mod pause;
mod propose_root;
mod pull;
mod refund;
mod request_refund;
mod retire_pool;
mod unbond;
mod veto;

use crate::{context::Context, Error, Outcome};
use settlement_interface::instructions as tag;

pub fn dispatch(context: &mut Context) -> Outcome {
    match context.data.u8()? {
        // First what there is most of.
        tag::CLAIM => claim::run(context),
        tag::PULL => pull::run(context),
        tag::DEPOSIT => deposit::run(context),
        tag::PROPOSE_ROOT => propose_root::run(context),
        tag::ATTEST => attest::run(context),
        tag::FINALIZE_ROOT => finalize_root::run(context),
        tag::OPEN_ESCROW => open_escrow::run(context),
        tag::REQUEST_REFUND => request_refund::run(context),
        tag::REFUND => refund::run(context),
        tag::CLOSE_ESCROW => close_escrow::run(context),
        tag::CREATE_PAGE => create_page::run(context),
        tag::CLOSE_PAGE => close_page::run(context),
        tag::CHALLENGE_CLAIM => challenge_claim::run(context),
        tag::CHALLENGE_SPEND => challenge_spend::run(context),
        tag::CHALLENGE_DOUBLE => challenge_double::run(context),
        tag::VETO => veto::run(context),
        tag::PAUSE => pause::run(context),
        tag::BOND => bond::run(context),
        tag::UNBOND => unbond::run(context),
        tag::NEW_VERIFIER_SET => new_verifier_set::run(context),
        tag::CREATE_POOL => create_pool::run(context),
        tag::RETIRE_POOL => retire_pool::run(context),
        tag::INIT_CONFIG => init_config::run(context),
        _ => Err(Error::InstructionUnknown),
    }
}
