//! What the chain's virtual machine offers. The linker knows each of these by its name and
//! refuses any other; on a host none exists, and only the hash has a stand-in.

use crate::Key;

#[repr(C)]
pub struct Slice {
    pub start: *const u8,
    pub len: u64,
}

impl Slice {
    pub fn of(bytes: &[u8]) -> Self {
        Self { start: bytes.as_ptr(), len: bytes.len() as u64 }
    }
}

#[repr(C)]
pub struct Seeds {
    pub start: *const Slice,
    pub len: u64,
}

#[repr(C)]
pub struct Meta {
    pub key: *const Key,
    pub is_writable: bool,
    pub is_signer: bool,
}

#[repr(C)]
pub struct Instruction {
    pub program: *const Key,
    pub metas: *const Meta,
    pub metas_len: u64,
    pub data: *const u8,
    pub data_len: u64,
}

#[repr(C)]
pub struct Info {
    pub key: *const Key,
    pub lamports: *mut u64,
    pub data_len: u64,
    pub data: *mut u8,
    pub owner: *const Key,
    pub rent_epoch: u64,
    pub is_signer: bool,
    pub is_writable: bool,
    pub is_executable: bool,
}

#[cfg(any(target_arch = "bpf", target_os = "solana"))]
extern "C" {
    pub fn sol_sha256(slices: *const Slice, count: u64, out: *mut u8) -> u64;
    pub fn sol_try_find_program_address(
        seeds: *const Slice,
        count: u64,
        program: *const Key,
        out: *mut Key,
        bump: *mut u8,
    ) -> u64;
    pub fn sol_create_program_address(
        seeds: *const Slice,
        count: u64,
        program: *const Key,
        out: *mut Key,
    ) -> u64;
    pub fn sol_invoke_signed_c(
        instruction: *const Instruction,
        infos: *const Info,
        infos_len: u64,
        signers: *const Seeds,
        signers_len: u64,
    ) -> u64;
    pub fn sol_get_clock_sysvar(out: *mut u8) -> u64;
    pub fn sol_get_rent_sysvar(out: *mut u8) -> u64;
    pub fn sol_memset_(start: *mut u8, byte: u8, len: u64);
}

#[cfg(not(any(target_arch = "bpf", target_os = "solana")))]
pub use host::*;

/// The program runs on the chain alone; its pure parts are tested on a host, and they only hash.
#[cfg(not(any(target_arch = "bpf", target_os = "solana")))]
mod host {
    use super::{Info, Instruction, Key, Seeds, Slice};
    use sha2::{Digest, Sha256};

    /// # Safety
    /// `slices` points to `count` slices of readable bytes, `out` to 32 writable ones.
    pub unsafe fn sol_sha256(slices: *const Slice, count: u64, out: *mut u8) -> u64 {
        let mut hash = Sha256::new();
        for slice in core::slice::from_raw_parts(slices, count as usize) {
            hash.update(core::slice::from_raw_parts(slice.start, slice.len as usize));
        }
        out.copy_from_nonoverlapping(hash.finalize().as_ptr(), 32);
        0
    }

    macro_rules! only_on_chain {
        ($($name:ident($($argument:ty),*) $(-> $answer:ty)?;)*) => {
            $(
                /// # Safety
                /// Never returns.
                pub unsafe fn $name($(_: $argument),*) $(-> $answer)? {
                    unimplemented!(concat!(stringify!($name), " exists on the chain alone"))
                }
            )*
        };
    }
    only_on_chain! {
        sol_try_find_program_address(*const Slice, u64, *const Key, *mut Key, *mut u8) -> u64;
        sol_create_program_address(*const Slice, u64, *const Key, *mut Key) -> u64;
        sol_invoke_signed_c(*const Instruction, *const Info, u64, *const Seeds, u64) -> u64;
        sol_get_clock_sysvar(*mut u8) -> u64;
        sol_get_rent_sysvar(*mut u8) -> u64;
        sol_memset_(*mut u8, u8, u64);
    }
}
