//! Merkle-sum trees. `protocol/settlement/tree.ts` builds them; both answer to the same vectors.
//!
//! ```text
//! leaf = SHA-256( 0x00 | tag 16 | pool 32 | index u32 | recipient 32 | cumulative u64 )
//! node = SHA-256( 0x01 | left hash 32 | left sum u64 | right hash 32 | right sum u64 )
//! ```
//! Both child sums are hashed: were it only their total, a proof could move money from one side to the other.
//! A missing leaf or right half is 32 zero bytes with sum 0. Leaves stand in the order of their index.

use crate::{
    require,
    syscalls::{sol_sha256, Slice},
    Error, Key, Outcome,
};

pub const CLAIM_TAG: &[u8; 16] = b"claim/v1\0\0\0\0\0\0\0\0";
pub const SPEND_TAG: &[u8; 16] = b"spend/v1\0\0\0\0\0\0\0\0";
/// A sibling in a proof: hash and sum.
pub const STEP: usize = 40;
/// Leaf counts are u32.
pub const STEPS_MAX: usize = 32;

pub struct Leaf<'a> {
    pub tag: &'static [u8; 16],
    pub pool: &'a Key,
    pub index: u32,
    pub recipient: &'a Key,
    pub cumulative: u64,
}

/// What a finalized or pending root says.
pub struct Expected<'a> {
    pub root: &'a Key,
    pub total: u64,
    pub leaf_count: u32,
}

pub(crate) fn hash(slices: &[Slice]) -> Key {
    let mut out = [0; 32];
    // SAFETY: each slice was made of bytes that live on; `out` has 32.
    unsafe { sol_sha256(slices.as_ptr(), slices.len() as u64, out.as_mut_ptr()) };
    out
}

pub fn hash_leaf(leaf: &Leaf) -> Key {
    if leaf.cumulative == 0 && *leaf.recipient == [0; 32] {
        return [0; 32];
    }
    hash(&[
        Slice::of(&[0]),
        Slice::of(leaf.tag),
        Slice::of(leaf.pool),
        Slice::of(&leaf.index.to_le_bytes()),
        Slice::of(leaf.recipient),
        Slice::of(&leaf.cumulative.to_le_bytes()),
    ])
}

pub fn depth_of(leaf_count: u32) -> u32 {
    match leaf_count {
        0 | 1 => 0,
        more => u32::BITS - (more - 1).leading_zeros(),
    }
}

/// Whether the proof leads from this leaf to exactly that root with exactly that total.
pub fn check_proof(leaf: &Leaf, proof: &[u8], expected: &Expected) -> Outcome {
    require(leaf.index < expected.leaf_count, Error::IndexOutOfRange)?;
    require(proof.len() == depth_of(expected.leaf_count) as usize * STEP, Error::ProofLength)?;
    // Hash and sum side by side, as siblings are in a proof: either is one slice.
    let mut here = [0u8; STEP];
    here[..32].copy_from_slice(&hash_leaf(leaf));
    let mut sum = leaf.cumulative;
    let mut index = leaf.index;
    for step in proof.chunks_exact(STEP) {
        here[32..].copy_from_slice(&sum.to_le_bytes());
        let (left, right) = if index & 1 == 0 { (&here[..], step) } else { (step, &here[..]) };
        let up = hash(&[Slice::of(&[1]), Slice::of(left), Slice::of(right)]);
        here[..32].copy_from_slice(&up);
        let beside = step[32..].try_into().map_err(|_| Error::ProofLength)?;
        sum = crate::add(sum, u64::from_le_bytes(beside))?;
        index >>= 1;
    }
    require(here[..32] == *expected.root && sum == expected.total, Error::ProofWrong)
}
