//! The clock and the price of rent.

use crate::{require, syscalls, Error, Outcome};

/// Seconds since 1970 as the cluster sees it.
pub fn now() -> Outcome<u64> {
    // u64 slot, i64 start of epoch, u64 epoch, u64 leader schedule epoch, i64 seconds since 1970
    let mut clock = [0u64; 5];
    // SAFETY: the clock has 40 bytes.
    let failed = unsafe { syscalls::sol_get_clock_sysvar(clock.as_mut_ptr().cast()) };
    require(failed == 0 && clock[4] <= i64::MAX as u64, Error::ClockUnreadable)?;
    Ok(clock[4])
}

const ONE: u64 = 0x3ff0_0000_0000_0000;
const TWO: u64 = 0x4000_0000_0000_0000;

/// Lamports an account with so many bytes of data must hold. The price is read, never assumed: it falls in steps.
pub fn rent_for(bytes: usize) -> Outcome<u64> {
    // u64 lamports per byte, f64 by how much they are multiplied, u8 share that is burned
    let mut rent = [0u64; 3];
    // SAFETY: the rent sysvar has 17 bytes.
    let failed = unsafe { syscalls::sol_get_rent_sysvar(rent.as_mut_ptr().cast()) };
    require(failed == 0 && rent[0] < 1 << 40, Error::RentUnreadable)?;
    // No floating point: the factor is 1 today and was 2 before.
    let times = match rent[1] {
        ONE => 1,
        TWO => 2,
        _ => return Err(Error::RentUnreadable),
    };
    // Below 2^40 * 2^15 * 2.
    require(bytes < 1 << 14, Error::RentUnreadable)?;
    Ok((128 + bytes as u64).wrapping_mul(rent[0]).wrapping_mul(times))
}
