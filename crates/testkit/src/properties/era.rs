//! Properties of any era file.

use std::path::Path;

use cowrace_check::named;
use cowrace_mm::Era;

/// Reads an era file, which is written to `path` for this.
pub fn reads_era(path: &Path, contents: &[u8]) -> Option<Era> {
    std::fs::write(path, contents).expect("a file for the era");
    match named(path.to_str().expect("a path that is text"), &mut Vec::new()) {
        Ok(era) => {
            assert!(Era::preset(era.name()).is_err(), "an era file replaces a preset");
            Some(era)
        }
        Err(error) => {
            let told = error.to_string();
            assert!(!told.is_empty() && told.len() < 4000, "{told}");
            None
        }
    }
}
