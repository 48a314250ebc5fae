//! Digests: they show whether data have been changed.

use std::hash::{Hash, Hasher};

/// FNV-1a (Fowler, Noll and Vo): it is the same in every process, and every change of a single byte changes it.
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

/// The digest of a value.
pub(crate) fn digest(of: &impl Hash) -> u64 {
    let mut fnv = Fnv(0xcbf2_9ce4_8422_2325);
    of.hash(&mut fnv);
    fnv.finish()
}
