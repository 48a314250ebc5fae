//! The source locations of requests.

use std::panic::Location;

/// Source locations, by address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sites(Vec<&'static Location<'static>>);

impl Sites {
    pub(crate) fn insert(&mut self, site: &'static Location<'static>) {
        let address = |site: &Location<'_>| std::ptr::from_ref(site).addr();
        if let Err(at) = self.0.binary_search_by_key(&address(site), |site| address(site)) {
            self.0.insert(at, site);
        }
    }

    /// Adds those of `other`.
    pub(crate) fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|site| self.insert(site));
    }

    /// The locations in the order of files and lines, each once.
    pub(crate) fn sorted(&self) -> Vec<&'static Location<'static>> {
        // One location may have several addresses.
        let mut sites = self.0.clone();
        sites.sort_unstable();
        sites.dedup();
        sites
    }
}
