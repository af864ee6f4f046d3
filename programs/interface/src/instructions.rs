//! Instruction tags: byte 0 of the instruction data. Wire values never move; a retired one stays reserved.

pub const INIT_CONFIG: u8 = 0;
pub const NEW_VERIFIER_SET: u8 = 1;
pub const BOND: u8 = 2;
pub const UNBOND: u8 = 3;
pub const CREATE_POOL: u8 = 4;
pub const OPEN_ESCROW: u8 = 5;
pub const DEPOSIT: u8 = 6;
pub const CREATE_PAGE: u8 = 7;
pub const PROPOSE_ROOT: u8 = 8;
pub const ATTEST: u8 = 9;
pub const CHALLENGE_CLAIM: u8 = 10;
pub const CHALLENGE_SPEND: u8 = 11;
pub const CHALLENGE_DOUBLE: u8 = 12;
pub const VETO: u8 = 13;
pub const FINALIZE_ROOT: u8 = 14;
pub const PULL: u8 = 15;
pub const CLAIM: u8 = 16;
pub const REQUEST_REFUND: u8 = 17;
pub const REFUND: u8 = 18;
pub const CLOSE_ESCROW: u8 = 19;
pub const CLOSE_PAGE: u8 = 20;
pub const PAUSE: u8 = 21;
pub const RETIRE_POOL: u8 = 22;
