//! What verifiers sign.
//!
//! ```text
//! content = SHA-256( "pocketgrid/epoch@1\n" | claim root 32 | spend root 32 | total u64
//!                    | claim leaves u32 | spend leaves u32 | data hash 32 )
//! digest  = SHA-256( "pocketgrid/attestation@1\n" | cluster tag 32 | program 32 | pool 32 | set u32
//!                    | period u64 | attempt u64 | previous claim root 32 | content 32 | expires at u64 )
//! signed  = "pocketgrid/settlement@1\n" | digest 32
//! ```

use crate::{
    syscalls::Slice,
    tree::hash,
    Key,
};

pub const SIGNED_PREFIX: &[u8; 24] = b"pocketgrid/settlement@1\n";
pub const SIGNED: usize = 56;

/// What a period comes to: the same for every honest verifier.
pub struct Content<'a> {
    pub claim_root: &'a Key,
    pub spend_root: &'a Key,
    pub total: u64,
    pub claim_leaf_count: u32,
    pub spend_leaf_count: u32,
    pub data_hash: &'a Key,
}

/// Where and when it counts: the same cluster, program, pool, set, period and attempt, on top of the same root.
pub struct Place<'a> {
    pub cluster_tag: &'a Key,
    pub program: &'a Key,
    pub pool: &'a Key,
    pub set_id: u32,
    pub period: u64,
    pub attempt: u64,
    pub previous: &'a Key,
}

pub fn hash_content(content: &Content) -> Key {
    hash(&[
        Slice::of(b"pocketgrid/epoch@1\n"),
        Slice::of(content.claim_root),
        Slice::of(content.spend_root),
        Slice::of(&content.total.to_le_bytes()),
        Slice::of(&content.claim_leaf_count.to_le_bytes()),
        Slice::of(&content.spend_leaf_count.to_le_bytes()),
        Slice::of(content.data_hash),
    ])
}

pub fn hash_attestation(place: &Place, content: &Key, expires_at: u64) -> Key {
    hash(&[
        Slice::of(b"pocketgrid/attestation@1\n"),
        Slice::of(place.cluster_tag),
        Slice::of(place.program),
        Slice::of(place.pool),
        Slice::of(&place.set_id.to_le_bytes()),
        Slice::of(&place.period.to_le_bytes()),
        Slice::of(&place.attempt.to_le_bytes()),
        Slice::of(place.previous),
        Slice::of(content),
        Slice::of(&expires_at.to_le_bytes()),
    ])
}
