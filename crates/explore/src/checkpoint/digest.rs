//! Digests: whether data are those that they are said to be.

use std::hash::{Hash, Hasher};

/// FNV-1a (Fowler, Noll and Vo): the same in every process, and no change of one byte goes unnoticed.
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The digest of anything.
pub(crate) fn digest(of: &impl Hash) -> u64 {
    let mut fnv = Fnv(0xcbf2_9ce4_8422_2325);
    of.hash(&mut fnv);
    fnv.finish()
}
