//! After the challenge window anyone makes the root final. Eight stay claimable.
//!
//! ```text
//! 0 [] config   1 [writable] pool
//! ```

use crate::{account::same_key, context::Context, require, sysvars, Error, Outcome};
use settlement_interface::accounts::{
    Config, Pool, Root, PENDING_ATTESTED, PENDING_NONE, ROOTS,
};

pub fn run(context: &mut Context) -> Outcome {
    let [config_account, account] = context.accounts else {
        return Err(Error::AccountsMissing);
    };
    context.data.end()?;
    let config = config_account.load::<Config>(context.program)?;
    let pool = account.load::<Pool>(context.program)?;
    require(same_key(&pool.config, config_account.key()), Error::AccountUnrelated)?;
    require(config.paused == 0, Error::Paused)?;
    require(pool.pending.state != PENDING_NONE, Error::NothingPending)?;
    require(pool.pending.state == PENDING_ATTESTED, Error::QuorumMissing)?;
    let now = sysvars::now()?;
    require(now >= pool.pending.challenge_end, Error::WindowOpen)?;
    require(now <= pool.pending.expires_at, Error::AttestationExpired)?;
    let number = crate::add(pool.period, 1)?;
    pool.roots[number as usize % ROOTS] = Root {
        period: number,
        total: pool.pending.total,
        claim_root: pool.pending.claim_root,
        data_hash: pool.pending.data_hash,
        leaf_count: pool.pending.claim_leaf_count,
        reserved: 0,
    };
    pool.period = number;
    pool.total = pool.pending.total;
    pool.spend_root = pool.pending.spend_root;
    pool.spend_leaf_count = pool.pending.spend_leaf_count;
    pool.finalized_at = now;
    pool.extra_quorum = 0;
    pool.pending.state = PENDING_NONE;
    pool.pending.signers = 0;
    Ok(())
}
