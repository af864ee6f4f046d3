//! The loader's input, parsed by ourselves: 60 lines to read instead of a dependency. (The head of
//! pinocchio, published under a number that promises the old behaviour, expects an input that is not live yet.)

use crate::{
    account::{Account, Header},
    Error, Key, Outcome,
};
use core::mem::MaybeUninit;

const ACCOUNTS_MAX: usize = 32;
const GROWTH: usize = 10_240;
const FIRST: u8 = 0xff;

pub struct Context<'a> {
    pub program: &'a Key,
    pub accounts: &'a [Account],
    pub data: Reader<'a>,
}

/// ```text
/// u64 count of accounts | accounts (`account.rs`) | u64 length of data | data | key program
/// ```
///
/// # Safety
/// `input` is laid out so, starts at a multiple of 8 and lives until the program ends.
pub unsafe fn read(input: *mut u8, run: fn(&mut Context) -> Outcome) -> Outcome {
    let count = input.cast::<u64>().read() as usize;
    if count > ACCOUNTS_MAX {
        return Err(Error::AccountsMissing);
    }
    let mut accounts = [MaybeUninit::<Account>::uninit(); ACCOUNTS_MAX];
    let mut at = input.add(8);
    for position in 0..count {
        let header = at.cast::<Header>();
        if (*header).duplicate == FIRST {
            accounts[position].write(Account(header));
            let end = 88 + (*header).data_len as usize + GROWTH;
            at = at.add((end + 7) & !7).add(8);
        } else {
            // The loader names an earlier position only.
            accounts[position] = accounts[(*header).duplicate as usize];
            at = at.add(8);
        }
    }
    let len = at.cast::<u64>().read() as usize;
    let data = core::slice::from_raw_parts(at.add(8), len);
    let mut context = Context {
        program: &*at.add(8 + len).cast::<Key>(),
        accounts: core::slice::from_raw_parts(accounts.as_ptr().cast(), count),
        data: Reader(data),
    };
    run(&mut context)
}

/// Takes fields off the front of instruction data.
#[derive(Clone, Copy)]
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    #[inline(always)]
    fn take<const N: usize>(&mut self) -> Outcome<&'a [u8; N]> {
        let (head, rest) = self.0.split_first_chunk().ok_or(Error::DataMalformed)?;
        self.0 = rest;
        Ok(head)
    }

    #[inline(always)]
    pub fn key(&mut self) -> Outcome<&'a Key> {
        self.take::<32>()
    }

    #[inline(always)]
    pub fn u8(&mut self) -> Outcome<u8> {
        Ok(self.take::<1>()?[0])
    }

    #[inline(always)]
    pub fn u16(&mut self) -> Outcome<u16> {
        Ok(u16::from_le_bytes(*self.take()?))
    }

    #[inline(always)]
    pub fn u32(&mut self) -> Outcome<u32> {
        Ok(u32::from_le_bytes(*self.take()?))
    }

    #[inline(always)]
    pub fn u64(&mut self) -> Outcome<u64> {
        Ok(u64::from_le_bytes(*self.take()?))
    }

    /// The first `len` bytes.
    #[inline(always)]
    pub fn bytes(&mut self, len: usize) -> Outcome<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len).ok_or(Error::DataMalformed)?;
        self.0 = rest;
        Ok(head)
    }

    /// Nothing may follow what was read.
    #[inline(always)]
    pub fn end(&self) -> Outcome {
        crate::require(self.0.is_empty(), Error::DataMalformed)
    }
}
