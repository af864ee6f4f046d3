//! What the instructions on roots share: the life of a pending root.
//!
//! ```text
//! none --propose--> collecting --attest--> attested --finalize--> none, period + 1
//! ```
//! `propose` with a whole quorum goes to attested at once. With fewer signatures only the member that has the turn
//! begins, and collects for half a turn. So members who are fewer than the quorum and propose what nobody else signs hold
//! the pool up in their own turns and for half of the next one; in the rest of each other turn its member may propose.
//! No state is kept of who has failed, so none can be used against an honest member. A challenge or a veto throws a pending root out and
//! raises the attempt, and so does the proposal that follows one which has expired: signatures under the old attempt
//! count no more.

use crate::{
    account::{same_key, Account},
    attestation::Place,
    require, Error, Key, Outcome,
};
use settlement_interface::accounts::{
    Config, Pending, Pool, VerifierSet, PENDING_ATTESTED, PENDING_COLLECTING, PENDING_NONE, ROOTS,
};

/// Claims root of the last final period; zero before the first.
pub fn last_claim_root(pool: &Pool) -> Key {
    pool.roots[pool.period as usize % ROOTS].claim_root
}

/// Bounds of a turn: long enough to compute a period, short enough that nobody waits for long.
const TURN_SECS: (u64, u64) = (20, 1_200);

fn turn_secs(config: &Config) -> u64 {
    (config.grace_secs / 32).clamp(TURN_SECS.0, TURN_SECS.1)
}

/// The member of the set that may propose at `now` with fewer signatures than the quorum.
pub fn turn_of(config: &Config, set: &VerifierSet, now: u64) -> u64 {
    now / turn_secs(config) % set.members as u64
}

/// Until when a root collects signatures that is proposed at `now`.
pub fn collects_until(config: &Config, now: u64) -> Outcome<u64> {
    crate::add(now, turn_secs(config) / 2)
}

/// Whether a pending root stands at `now`. One that collects has its last moment where later the window ends.
pub fn is_live(pending: &Pending, now: u64) -> bool {
    pending.state != PENDING_NONE
        && now <= pending.expires_at
        && (pending.state != PENDING_COLLECTING || now <= pending.challenge_end)
}

pub fn discard(pool: &mut Pool) -> Outcome {
    pool.pending.state = PENDING_NONE;
    pool.pending.signers = 0;
    pool.attempt = crate::add(pool.attempt, 1)?;
    Ok(())
}

/// A set that serves at `now`: the newest, or the one before while the newest waits.
pub fn require_active(config: &Config, set: &VerifierSet, now: u64) -> Outcome {
    let active =
        if now >= config.set_active_at { config.set_id } else { config.previous_set_id };
    require(set.set_id == active, Error::SetInactive)
}

/// Signatures this pool asks of this set: one more after each veto, at most all.
pub fn quorum_of(pool: &Pool, set: &VerifierSet) -> u32 {
    (set.quorum as u32 + pool.extra_quorum as u32).min(set.members as u32)
}

pub fn place_of<'a>(
    (config, pool): (&'a Config, &Pool),
    (program, address): (&'a Key, &'a Key),
    (set_id, previous): (u32, &'a Key),
) -> Outcome<Place<'a>> {
    Ok(Place {
        cluster_tag: &config.cluster_tag,
        program,
        pool: address,
        set_id,
        period: crate::add(pool.period, 1)?,
        attempt: pool.attempt,
        previous,
    })
}

/// Adds signatures; with the last one that is needed the window opens.
pub fn add_signers(pool: &mut Pool, (config, set): (&Config, &VerifierSet), (bits, now): (u16, u64)) -> Outcome {
    let needed = quorum_of(pool, set);
    let pending = &mut pool.pending;
    require(pending.signers & bits == 0, Error::SignerTwice)?;
    pending.signers |= bits;
    pending.state = PENDING_COLLECTING;
    if pending.signers.count_ones() >= needed {
        pending.state = PENDING_ATTESTED;
        pending.challenge_end = crate::add(now, config.challenge_secs)?;
        // A root that expires within its own window could only block the next.
        require(pending.challenge_end <= pending.expires_at, Error::AttestationExpired)?;
    }
    Ok(())
}

/// Config, pool and set that belong together, for instructions with signatures.
pub fn load_all(
    program: &Key,
    accounts: (&Account, &Account, &Account),
) -> Outcome<(&'static mut Config, &'static mut Pool, &'static mut VerifierSet)> {
    let config = accounts.0.load::<Config>(program)?;
    let pool = accounts.1.load::<Pool>(program)?;
    let set = accounts.2.load::<VerifierSet>(program)?;
    require(same_key(&pool.config, accounts.0.key()), Error::AccountUnrelated)?;
    require(same_key(&set.config, accounts.0.key()), Error::AccountUnrelated)?;
    Ok((config, pool, set))
}
