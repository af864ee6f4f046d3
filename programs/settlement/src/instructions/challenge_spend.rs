//! Fraud (b): a pending spends tree says of an escrow what cannot be: more than was ever paid in, less than was
//! pulled from it already, or another recipient's money at its index.
//!
//! ```text
//! 0 [] config   1 [writable] pool   2 [] verifier set   3 [writable] challenger   4 [writable] treasury
//! 5 [] escrow   6.. [writable] bonds (`challenge.rs`)
//! data: key recipient | u64 cumulative | proof
//! ```
//! What holds no more only because of a refund since is nobody's fraud: whoever keeps honest signatures until after a
//! refund could else have bonds for them. Such a root is thrown out, and no bond with it.

use super::{challenge, period};
use crate::{
    account::same_key,
    context::Context,
    require,
    tree::{check_proof, Expected, Leaf, SPEND_TAG},
    Error, Outcome,
};
use settlement_interface::accounts::Escrow;

pub fn run(context: &mut Context) -> Outcome {
    let [config_account, account, set_account, challenger, treasury, escrow_account, bonds @ ..] =
        context.accounts
    else {
        return Err(Error::AccountsMissing);
    };
    let (recipient, cumulative) = (context.data.key()?, context.data.u64()?);
    let proof = context.data.0;
    let (config, pool, set) =
        period::load_all(context.program, (config_account, account, set_account))?;
    let escrow = escrow_account.load::<Escrow>(context.program)?;
    require(same_key(&escrow.pool, account.key()), Error::AccountUnrelated)?;
    challenge::require_pending(pool)?;
    let leaf =
        Leaf { tag: SPEND_TAG, pool: account.key(), index: escrow.index, recipient, cumulative };
    let (root, leaf_count) = (&pool.pending.spend_root, pool.pending.spend_leaf_count);
    let expected = Expected { root, total: pool.pending.total, leaf_count };
    check_proof(&leaf, proof, &expected)?;
    if recipient == escrow_account.key() {
        let holds = crate::subtract(escrow.deposited, escrow.refunded, Error::EscrowShort)?;
        let is_fraud = cumulative > escrow.deposited || cumulative < escrow.pulled;
        if !is_fraud && cumulative > holds {
            return period::discard(pool);
        }
        require(is_fraud, Error::NoFraud)?;
    } else {
        require(cumulative > 0, Error::NoFraud)?;
    }
    let heirs = challenge::Heirs { challenger, treasury };
    challenge::punish((context.program, config_account), (config, pool, set), (&heirs, bonds))
}
