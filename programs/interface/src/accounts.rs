//! Accounts of the program. Byte 0 is the type, byte 1 the version, byte 2 the bump of the address;
//! integers are little-endian. Offsets stand left. Time is in seconds, amounts in lamports or in the
//! base units of the pool's token.

use crate::Key;
use core::mem::size_of;

pub const VERSION: u8 = 1;
pub const MEMBERS_MAX: usize = 16;
/// Finalized roots that stay claimable.
pub const ROOTS: usize = 8;
pub const PAGE_SLOTS: usize = 1024;
/// The mint of a pool that pays in SOL.
pub const NATIVE: Key = [0; 32];

/// A type that may be laid over account data.
///
/// # Safety
/// `repr(C)`, no padding, every bit pattern valid, alignment at most 8.
pub unsafe trait Layout {
    const TYPE: u8;
}

/// ["cfg", admin]: what an operator has decided. The address holds the admin's key, so nobody can take it first.
#[repr(C)]
pub struct Config {
    /*   0 */ pub kind: u8,
    /*   1 */ pub version: u8,
    /*   2 */ pub bump: u8,
    /*   3 */ pub paused: u8,
    /*   4 */ pub fee_bps: u16,
    /*   6 */ pub reserved: u16,
    /*   8 */ pub admin: Key,
    /*  40 */ pub guardian: Key,
    /*  72 */ pub treasury: Key,
    /* 104 */ pub cluster_tag: Key,
    /* 136 */ pub challenge_secs: u64,
    /* 144 */ pub timelock_secs: u64,
    /* 152 */ pub grace_secs: u64,
    /* 160 */ pub dead_man_secs: u64,
    /* 168 */ pub unbond_secs: u64,
    /* 176 */ pub set_active_at: u64,
    /* 184 */ pub set_id: u32,
    /* 188 */ pub previous_set_id: u32,
}

/// ["vset", config, set_id]: verifiers, `quorum` of whom attest a root. Never changed, only replaced.
#[repr(C)]
pub struct VerifierSet {
    /*   0 */ pub kind: u8,
    /*   1 */ pub version: u8,
    /*   2 */ pub bump: u8,
    /*   3 */ pub quorum: u8,
    /*   4 */ pub members: u8,
    /*   5 */ pub reserved: [u8; 3],
    /*   8 */ pub config: Key,
    /*  40 */ pub set_id: u32,
    /*  44 */ pub reserved_too: u32,
    /*  48 */ pub keys: [Key; MEMBERS_MAX],
}

/// ["bond", config, verifier]: lamports a verifier loses by provable fraud.
#[repr(C)]
pub struct Bond {
    /*   0 */ pub kind: u8,
    /*   1 */ pub version: u8,
    /*   2 */ pub bump: u8,
    /*   3 */ pub reserved: [u8; 5],
    /*   8 */ pub config: Key,
    /*  40 */ pub verifier: Key,
    /*  72 */ pub amount: u64,
    /*  80 */ pub unlock_at: u64, // 0: not asked back
}

/// One finalized claims tree.
#[repr(C)]
pub struct Root {
    /*  0 */ pub period: u64, // 0: none
    /*  8 */ pub total: u64,
    /* 16 */ pub claim_root: Key,
    /* 48 */ pub data_hash: Key,
    /* 80 */ pub leaf_count: u32,
    /* 84 */ pub reserved: u32,
}

pub const PENDING_NONE: u8 = 0;
/// Proposed by members, fewer than the quorum so far.
pub const PENDING_COLLECTING: u8 = 1;
/// Attested by the quorum; may be challenged until `challenge_end`.
pub const PENDING_ATTESTED: u8 = 2;

/// The proposed root of the next period.
#[repr(C)]
pub struct Pending {
    /*   0 */ pub state: u8,
    /*   1 */ pub reserved: u8,
    /*   2 */ pub signers: u16, // bit i: member i of the set
    /*   4 */ pub set_id: u32,
    /*   8 */ pub claim_root: Key,
    /*  40 */ pub spend_root: Key,
    /*  72 */ pub data_hash: Key,
    /* 104 */ pub total: u64,
    /* 112 */ pub claim_leaf_count: u32,
    /* 116 */ pub spend_leaf_count: u32,
    /* 120 */ pub challenge_end: u64, // while it collects: the last moment of that
    /* 128 */ pub expires_at: u64,
    /* 136 */ pub digest: Key,
}

/// ["pool", config, mint]: money on its way from posters to contributors. Pulled lamports lie in this
/// account above its rent; tokens in ["vault", pool].
#[repr(C)]
pub struct Pool {
    /*   0 */ pub kind: u8,
    /*   1 */ pub version: u8,
    /*   2 */ pub bump: u8,
    /*   3 */ pub vault_bump: u8,
    /*   4 */ pub decimals: u8,
    /*   5 */ pub retired: u8,
    /*   6 */ pub extra_quorum: u8, // raised by each veto, 0 again when a root is final
    /*   7 */ pub reserved: u8,
    /*   8 */ pub config: Key,
    /*  40 */ pub mint: Key,
    /*  72 */ pub period: u64, // the last final one; 0: none yet
    /*  80 */ pub attempt: u64, // raised when a pending root is thrown out
    /*  88 */ pub finalized_at: u64,
    /*  96 */ pub period_cap: u64,
    /* 104 */ pub total: u64, // of the last final root
    /* 112 */ pub pulled_total: u64,
    /* 120 */ pub claimed_total: u64,
    /* 128 */ pub spend_root: Key,
    /* 160 */ pub spend_leaf_count: u32,
    /* 164 */ pub escrow_count: u32,
    /* 168 */ pub pending: Pending,
    /* 336 */ pub roots: [Root; ROOTS], // period e at e mod 8
}

/// ["esc", pool, poster, nonce]: one poster's deposit. Lamports lie in this account above its rent; tokens in
/// ["vault", escrow]. What is left is `deposited - pulled - refunded`.
#[repr(C)]
pub struct Escrow {
    /*   0 */ pub kind: u8,
    /*   1 */ pub version: u8,
    /*   2 */ pub bump: u8,
    /*   3 */ pub vault_bump: u8,
    /*   4 */ pub index: u32, // of its leaf in every spends tree
    /*   8 */ pub pool: Key,
    /*  40 */ pub poster: Key,
    /*  72 */ pub rent_payer: Key,
    /* 104 */ pub nonce: u64,
    /* 112 */ pub deposited: u64,
    /* 120 */ pub pulled: u64,
    /* 128 */ pub refunded: u64,
    /* 136 */ pub refund_from: u64, // the deadline, or earlier by request
    /* 144 */ pub requested: u64, // when the poster asked; 0: has not
}

/// ["page", pool, page_no]: what 1,024 contributors have been paid so far. Slot i is leaf page_no * 1024 + i.
#[repr(C)]
pub struct Page {
    /*  0 */ pub kind: u8,
    /*  1 */ pub version: u8,
    /*  2 */ pub bump: u8,
    /*  3 */ pub reserved: u8,
    /*  4 */ pub page_no: u32,
    /*  8 */ pub pool: Key,
    /* 40 */ pub rent_payer: Key,
    /* 72 */ pub claimed: [u64; PAGE_SLOTS],
}

unsafe impl Layout for Config {
    const TYPE: u8 = 1;
}
unsafe impl Layout for VerifierSet {
    const TYPE: u8 = 2;
}
unsafe impl Layout for Bond {
    const TYPE: u8 = 3;
}
unsafe impl Layout for Pool {
    const TYPE: u8 = 4;
}
unsafe impl Layout for Escrow {
    const TYPE: u8 = 5;
}
unsafe impl Layout for Page {
    const TYPE: u8 = 6;
}

const _: () = assert!(size_of::<Config>() == 192);
const _: () = assert!(size_of::<VerifierSet>() == 560);
const _: () = assert!(size_of::<Bond>() == 88);
const _: () = assert!(size_of::<Root>() == 88);
const _: () = assert!(size_of::<Pending>() == 168);
const _: () = assert!(size_of::<Pool>() == 1040);
const _: () = assert!(size_of::<Escrow>() == 152);
const _: () = assert!(size_of::<Page>() == 72 + 8 * PAGE_SLOTS);
