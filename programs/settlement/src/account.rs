//! One account as the loader lays it out. Handles are copied freely, also when a transaction names an
//! account twice; everything that changes goes through raw pointers.

use crate::{require, Error, Key, Outcome};
use core::mem::size_of;
use settlement_interface::accounts::{Layout, VERSION};

/// ```text
///  0 u8  0xff, or the position of the same account earlier on (then 7 bytes of padding and nothing else)
///  1 u8  signer     2 u8  writable     3 u8  executable     4 4 bytes  of the loader
///  8 key            40 key owner       72 u64 lamports       80 u64 length of data
/// 88 data, then 10,240 bytes to grow into, padding to 8, u64 rent period
/// ```
#[repr(C)]
pub(crate) struct Header {
    pub duplicate: u8,
    pub is_signer: u8,
    pub is_writable: u8,
    pub is_executable: u8,
    pub loader: u32,
    pub key: Key,
    pub owner: Key,
    pub lamports: u64,
    pub data_len: u64,
}

const _: () = assert!(size_of::<Header>() == 88);

#[derive(Clone, Copy)]
pub struct Account(pub(crate) *mut Header);

/// Both keys lie at multiples of 8, as all in the loader's input do.
#[inline(always)]
pub fn same_key(a: &Key, b: &Key) -> bool {
    let (a, b) = (a.as_ptr().cast::<u64>(), b.as_ptr().cast::<u64>());
    // SAFETY: a key has 4 words; `read_unaligned` asks nothing of its address.
    (0..4).all(|at| unsafe { a.add(at).read_unaligned() == b.add(at).read_unaligned() })
}

impl Account {
    /// The header: `context::read` made this handle from one, and it lives as long as the program runs.
    #[inline(always)]
    fn header(&self) -> *mut Header {
        self.0
    }

    #[inline(always)]
    pub fn key(&self) -> &'static Key {
        // SAFETY: the header is there, and nobody writes its key.
        unsafe { &(*self.header()).key }
    }

    #[inline(always)]
    pub fn is_signer(&self) -> bool {
        // SAFETY: as above.
        unsafe { (*self.header()).is_signer != 0 }
    }

    #[inline(always)]
    pub fn is_writable(&self) -> bool {
        // SAFETY: as above.
        unsafe { (*self.header()).is_writable != 0 }
    }

    #[inline(always)]
    pub fn owner(&self) -> Key {
        // SAFETY: the header is there; the owner is copied, since a CPI may change it.
        unsafe { (*self.header()).owner }
    }

    #[inline(always)]
    pub fn is_owned_by(&self, program: &Key) -> bool {
        // SAFETY: as above; the reference ends here.
        same_key(unsafe { &(*self.header()).owner }, program)
    }

    #[inline(always)]
    pub fn owner_pointer(&self) -> *const Key {
        // SAFETY: no reference is made.
        unsafe { core::ptr::addr_of!((*self.header()).owner) }
    }

    #[inline(always)]
    pub fn lamports(&self) -> u64 {
        // SAFETY: the header is there.
        unsafe { (*self.header()).lamports }
    }

    #[inline(always)]
    pub fn lamports_pointer(&self) -> *mut u64 {
        // SAFETY: no reference is made.
        unsafe { core::ptr::addr_of_mut!((*self.header()).lamports) }
    }

    #[inline(always)]
    pub fn data_len(&self) -> usize {
        // SAFETY: the header is there.
        unsafe { (*self.header()).data_len as usize }
    }

    #[inline(always)]
    pub fn data_pointer(&self) -> *mut u8 {
        // SAFETY: data begins where the header ends.
        unsafe { self.header().add(1).cast() }
    }

    /// The data of an account that this program does not write while it looks.
    #[inline(always)]
    pub fn data(&self) -> &'static [u8] {
        // SAFETY: the loader wrote `data_len` bytes there.
        unsafe { core::slice::from_raw_parts(self.data_pointer(), self.data_len()) }
    }

    pub fn require_signer(&self) -> Outcome {
        require(self.is_signer(), Error::SignatureMissing)
    }

    pub fn require_key(&self, key: &Key, error: Error) -> Outcome {
        require(same_key(self.key(), key), error)
    }

    /// The account as a `T` of ours. Only this program makes accounts that it owns, each at the address that
    /// its own fields derive; so owner, type and the fields a caller compares stand for the address.
    ///
    /// An instruction loads an account at most once: two of different types cannot be the same account.
    #[inline(always)]
    pub fn load<T: Layout>(&self, program: &Key) -> Outcome<&'static mut T> {
        require(self.is_owned_by(program), Error::AccountNotOurs)?;
        require(self.data_len() == size_of::<T>(), Error::AccountWrongType)?;
        // SAFETY: there are size_of T bytes, at a multiple of 8; a `Layout` is valid for any bytes.
        let data = unsafe { core::slice::from_raw_parts(self.data_pointer(), 2) };
        require(data[0] == T::TYPE && data[1] == VERSION, Error::AccountWrongType)?;
        Ok(unsafe { &mut *self.data_pointer().cast::<T>() })
    }

    /// Gives all lamports to `heir` and the account back to the system, empty: it cannot come to life again
    /// in the same transaction, since its data is gone.
    pub fn close(&self, heir: &Account) -> Outcome {
        require(!same_key(self.key(), heir.key()), Error::AccountUnrelated)?;
        let sum = crate::add(heir.lamports(), self.lamports())?;
        // SAFETY: the header is there; the loader lets an owner shrink and hand on its account.
        unsafe {
            *heir.lamports_pointer() = sum;
            let header = self.header();
            crate::syscalls::sol_memset_(self.data_pointer(), 0, (*header).data_len);
            (*header).lamports = 0;
            (*header).data_len = 0;
            (*header).owner = crate::programs::SYSTEM;
        }
        Ok(())
    }
}
