//! Accounts at derived addresses, and calls to other programs signed for them.

use crate::{
    account::Account,
    programs, require,
    syscalls::{self, Info, Instruction, Meta, Seeds, Slice},
    sysvars, Error, Key, Outcome,
};
use core::mem::size_of;
use settlement_interface::accounts::{Layout, VERSION};

/// Seeds and, last, the bump.
const SEEDS_MAX: usize = 5;

/// The one address these seeds derive, and its bump: the largest that works, so that no second account of
/// the same seeds can ever be.
pub fn find(program: &Key, seeds: &[&[u8]]) -> Outcome<(Key, u8)> {
    let (slices, count) = slices_of(seeds, &[])?;
    let (mut key, mut bump) = ([0; 32], 0);
    // SAFETY: `slices` holds `count` slices of live bytes.
    let failed = unsafe {
        syscalls::sol_try_find_program_address(slices.as_ptr(), count, program, &mut key, &mut bump)
    };
    require(failed == 0, Error::AddressWrong)?;
    Ok((key, bump))
}

/// The address of seeds and a known bump.
pub fn derive(program: &Key, seeds: &[&[u8]], bump: u8) -> Outcome<Key> {
    let bump = [bump];
    let (slices, count) = slices_of(seeds, &bump)?;
    let mut key = [0; 32];
    // SAFETY: as above.
    let failed =
        unsafe { syscalls::sol_create_program_address(slices.as_ptr(), count, program, &mut key) };
    require(failed == 0, Error::AddressWrong)?;
    Ok(key)
}

fn slices_of(seeds: &[&[u8]], bump: &[u8]) -> Outcome<([Slice; SEEDS_MAX], u64)> {
    require(seeds.len() < SEEDS_MAX, Error::AddressWrong)?;
    let mut slices = [const { Slice { start: core::ptr::null(), len: 0 } }; SEEDS_MAX];
    for (slice, seed) in slices.iter_mut().zip(seeds) {
        *slice = Slice::of(seed);
    }
    if bump.is_empty() {
        return Ok((slices, seeds.len() as u64));
    }
    slices[seeds.len()] = Slice::of(bump);
    Ok((slices, seeds.len() as u64 + 1))
}

/// Who signs a call: the address of these seeds and bump.
pub struct Signer<'a> {
    pub seeds: &'a [&'a [u8]],
    pub bump: u8,
}

/// A call to another program: `metas` are (account, writable, signer) in its order.
pub struct Call<'a> {
    pub program: &'a Key,
    pub accounts: &'a [(Account, bool, bool)],
    pub data: &'a [u8],
}

const CALL_ACCOUNTS_MAX: usize = 4;

/// Calls; a failure there fails the whole transaction, so there is nothing to look at afterwards.
pub fn invoke(call: &Call, signer: Option<&Signer>) -> Outcome {
    require(call.accounts.len() <= CALL_ACCOUNTS_MAX, Error::AccountsMissing)?;
    let mut metas = core::mem::MaybeUninit::<[Meta; CALL_ACCOUNTS_MAX]>::uninit();
    let mut infos = core::mem::MaybeUninit::<[Info; CALL_ACCOUNTS_MAX]>::uninit();
    let (meta_at, info_at) = (metas.as_mut_ptr().cast::<Meta>(), infos.as_mut_ptr().cast::<Info>());
    for (position, (account, is_writable, is_signer)) in call.accounts.iter().enumerate() {
        let meta = Meta { key: account.key(), is_writable: *is_writable, is_signer: *is_signer };
        let info = Info {
            key: account.key(),
            lamports: account.lamports_pointer(),
            data_len: account.data_len() as u64,
            data: account.data_pointer(),
            owner: account.owner_pointer(),
            rent_epoch: 0,
            is_signer: account.is_signer(),
            is_writable: account.is_writable(),
            is_executable: false,
        };
        // SAFETY: `position` is below CALL_ACCOUNTS_MAX.
        unsafe {
            meta_at.add(position).write(meta);
            info_at.add(position).write(info);
        }
    }
    let count = call.accounts.len() as u64;
    let instruction = Instruction {
        program: call.program,
        metas: meta_at,
        metas_len: count,
        data: call.data.as_ptr(),
        data_len: call.data.len() as u64,
    };
    let bump = [signer.map_or(0, |signer| signer.bump)];
    let (slices, len) = slices_of(signer.map_or(&[], |signer| signer.seeds), &bump)?;
    let seeds = Seeds { start: slices.as_ptr(), len };
    // SAFETY: everything pointed to lives until the call is over.
    let failed = unsafe {
        syscalls::sol_invoke_signed_c(
            &instruction,
            info_at,
            count,
            &seeds,
            u64::from(signer.is_some()),
        )
    };
    require(failed == 0, Error::AddressWrong)
}

/// An account that is to be.
pub struct New<'a> {
    pub account: &'a Account,
    pub payer: &'a Account,
    pub seeds: &'a [&'a [u8]],
    pub bytes: usize,
    pub owner: &'a Key,
}

/// Makes an account at the address of its seeds. Lamports that somebody sent there before do no harm:
/// only what is missing is paid. Returns the bump.
pub fn create(program: &Key, new: &New) -> Outcome<u8> {
    let (key, bump) = find(program, new.seeds)?;
    new.account.require_key(&key, Error::AddressWrong)?;
    new.payer.require_signer()?;
    let lacking = sysvars::rent_for(new.bytes)?.saturating_sub(new.account.lamports());
    let signer = Signer { seeds: new.seeds, bump };
    if lacking > 0 {
        pay(new.payer, new.account, lacking)?;
    }
    // u32 8 allocate | u64 bytes
    let mut allocate = [0; 12];
    allocate[0] = 8;
    allocate[4..].copy_from_slice(&(new.bytes as u64).to_le_bytes());
    // u32 1 assign | key owner
    let mut assign = [0; 36];
    assign[0] = 1;
    assign[4..].copy_from_slice(new.owner);
    for data in [&allocate[..], &assign[..]] {
        let accounts = &[(*new.account, true, true)];
        invoke(&Call { program: &programs::SYSTEM, accounts, data }, Some(&signer))?;
    }
    Ok(bump)
}

/// Makes an account of ours, all zero but for its type and version, and gives it with its bump.
pub fn create_ours<T: Layout>(
    program: &Key,
    (account, payer): (&Account, &Account),
    seeds: &[&[u8]],
) -> Outcome<(&'static mut T, u8)> {
    let bytes = size_of::<T>();
    let bump = create(program, &New { account, payer, seeds, bytes, owner: program })?;
    // SAFETY: the account was allocated just now with room for a T, at a multiple of 8, and filled with zeros.
    unsafe {
        account.data_pointer().write(T::TYPE);
        account.data_pointer().add(1).write(VERSION);
        Ok((&mut *account.data_pointer().cast::<T>(), bump))
    }
}

/// Lamports out of an account that signed the transaction.
pub fn pay(from: &Account, to: &Account, lamports: u64) -> Outcome {
    // u32 2 transfer | u64 lamports
    let mut data = [0; 12];
    data[0] = 2;
    data[4..].copy_from_slice(&lamports.to_le_bytes());
    let accounts = &[(*from, true, true), (*to, true, false)];
    invoke(&Call { program: &programs::SYSTEM, accounts, data: &data }, None)
}
