//! Signatures that the chain's Ed25519 program has checked in the instruction just before ours. The
//! transaction fails unless all it lists are right; what is left to us is that they are about our message.
//!
//! The one form that is taken, for n signatures of one message of 56 bytes:
//! ```text
//! 0 u8 n | 1 u8 0 | n x { u16 signature at, u16 0xffff, u16 key at, u16 0xffff, u16 message at, u16 56, u16 0xffff }
//! n x { key 32 | signature 64 } | message 56
//! ```
//! 0xffff means "in this very instruction"; any other number could name bytes that nobody signed.

use crate::{
    account::Account,
    attestation::{SIGNED, SIGNED_PREFIX},
    programs, require, Error, Key, Outcome,
};
use settlement_interface::accounts::MEMBERS_MAX;

const OFFSETS: usize = 14;
const SIGNER: usize = 96;
const HERE: u16 = u16::MAX;

/// Signers and message of one precompile instruction.
pub struct Signed<'a> {
    signers: &'a [u8],
    message: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Decodes the data of the precompile's instruction; refuses every other form.
    pub fn decode(data: &'a [u8]) -> Outcome<Self> {
        let [count, zero, rest @ ..] = data else {
            return Err(Error::PrecompileLayout);
        };
        let count = *count as usize;
        require(count > 0 && count <= MEMBERS_MAX && *zero == 0, Error::PrecompileLayout)?;
        require(rest.len() == count * (OFFSETS + SIGNER) + SIGNED, Error::PrecompileLayout)?;
        let (offsets, rest) = rest.split_at(count * OFFSETS);
        let (signers, message) = rest.split_at(count * SIGNER);
        let first = 2 + count * OFFSETS;
        for (position, found) in offsets.chunks_exact(OFFSETS).enumerate() {
            let key_at = (first + position * SIGNER) as u16;
            let message_at = (first + count * SIGNER) as u16;
            let right = [key_at + 32, HERE, key_at, HERE, message_at, SIGNED as u16, HERE];
            for (word, bytes) in right.iter().zip(found.chunks_exact(2)) {
                require(bytes == word.to_le_bytes(), Error::PrecompileLayout)?;
            }
        }
        Ok(Self { signers, message })
    }

    pub fn require_message(&self, digest: &Key) -> Outcome {
        let (prefix, signed) = self.message.split_at(SIGNED_PREFIX.len());
        require(prefix == SIGNED_PREFIX && signed == digest, Error::MessageWrong)
    }

    /// Bit i for member i of the set. Every signer has to be a member, and a different one.
    pub fn bits(&self, members: &[Key]) -> Outcome<u16> {
        let mut bits = 0u16;
        for signer in self.signers.chunks_exact(SIGNER) {
            let place = members.iter().position(|key| key[..] == signer[..32]);
            let bit = 1 << place.ok_or(Error::SignerUnknown)?;
            require(bits & bit == 0, Error::SignerTwice)?;
            bits |= bit;
        }
        Ok(bits)
    }

    /// Whether all signers are this key.
    pub fn is_only(&self, key: &Key) -> bool {
        self.signers.chunks_exact(SIGNER).all(|signer| signer[..32] == key[..])
    }
}

/// The instruction `back` places before the one that runs, from the instructions sysvar:
/// ```text
/// u16 count | count x u16 offset | ... | u16 position of the one that runs
/// at an offset: u16 accounts | accounts x 33 | key program | u16 length | data
/// ```
pub fn signed_before(sysvar: &Account, back: u16) -> Outcome<Signed<'static>> {
    sysvar.require_key(&programs::INSTRUCTIONS, Error::AddressWrong)?;
    let all = sysvar.data();
    let running = u16_at(all, all.len().wrapping_sub(2))?;
    let position = running.checked_sub(back).ok_or(Error::PrecompileMissing)? as usize;
    let start = u16_at(all, 2 + 2 * position)? as usize;
    let program_at = start + 2 + 33 * u16_at(all, start)? as usize;
    let program = all.get(program_at..program_at + 32).ok_or(Error::PrecompileMissing)?;
    require(program == programs::ED25519, Error::PrecompileMissing)?;
    let data_at = program_at + 34;
    let len = u16_at(all, program_at + 32)? as usize;
    Signed::decode(all.get(data_at..data_at + len).ok_or(Error::PrecompileMissing)?)
}

fn u16_at(bytes: &[u8], at: usize) -> Outcome<u16> {
    let found = bytes.get(at..at.wrapping_add(2)).ok_or(Error::PrecompileMissing)?;
    Ok(u16::from_le_bytes([found[0], found[1]]))
}
