//! What crosses the boundary of the settlement program: account layouts, instruction tags, errors.
//! No logic. `protocol/settlement/` is the same in TypeScript, held to the same golden vectors.
#![no_std]

pub mod accounts;
pub mod errors;
pub mod instructions;

/// An address on the chain, or a SHA-256.
pub type Key = [u8; 32];
