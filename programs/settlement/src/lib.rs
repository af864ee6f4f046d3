//! Escrow, period roots and claims: `docs/settlement.md` says what for, `interface/` holds every layout.
#![cfg_attr(any(target_arch = "bpf", target_os = "solana"), no_std)]

mod account;
mod address;
pub mod attestation;
mod context;
mod instructions;
mod money;
pub mod precompile;
mod programs;
mod syscalls;
mod sysvars;
pub mod tree;

pub use settlement_interface::{errors::Error, Key};

pub type Outcome<T = ()> = Result<T, Error>;

/// A check: `error` unless `holds`. The mutation run drops these one by one.
#[inline(always)]
pub(crate) fn require(holds: bool, error: Error) -> Outcome {
    if holds {
        Ok(())
    } else {
        Err(error)
    }
}

pub(crate) fn add(a: u64, b: u64) -> Outcome<u64> {
    a.checked_add(b).ok_or(Error::Overflow)
}

pub(crate) fn subtract(a: u64, b: u64, error: Error) -> Outcome<u64> {
    a.checked_sub(b).ok_or(error)
}

/// Where the chain enters. Zero is success; anything else is the number of an [`Error`].
///
/// # Safety
/// `input` is what the loader wrote: see `context.rs`.
#[no_mangle]
pub unsafe extern "C" fn entrypoint(input: *mut u8) -> u64 {
    match context::read(input, instructions::dispatch) {
        Ok(()) => 0,
        Err(error) => error as u64,
    }
}

#[cfg(any(target_arch = "bpf", target_os = "solana"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    // An index that was not checked: stop, and let the chain undo everything.
    loop {
        // SAFETY: reading address 0 of a program without read-only data at 0 is an access violation, which is
        // what ends it; with read-only data the budget does.
        unsafe { core::ptr::null::<u8>().read_volatile() };
    }
}
