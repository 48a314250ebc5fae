//! Kernel images.

use std::fs;
use std::io;
use std::path::Path;

/// Where the header of an x86 image has its magic, and where it says where its version is.
const MAGIC: (usize, &[u8]) = (0x202, b"HdrS");
const VERSION_AT: usize = 0x20e;
/// What that place is counted from.
const SETUP: usize = 0x200;

/// The version of a kernel image for x86 (`bzImage`, `vmlinuz`), such as `6.12.117+deb12-cloud-amd64`; `None` if the file is
/// no such image.
///
/// # Errors
///
/// If it cannot be read.
pub fn version(image: &Path) -> io::Result<Option<String>> {
    Ok(version_of(&fs::read(image)?))
}

fn version_of(image: &[u8]) -> Option<String> {
    if image.get(MAGIC.0..MAGIC.0 + MAGIC.1.len())? != MAGIC.1 {
        return None;
    }
    let at = image.get(VERSION_AT..VERSION_AT + 2)?;
    let at = usize::from(u16::from_le_bytes([at[0], at[1]])) + SETUP;
    let text = image.get(at..)?.split(|&byte| byte == 0 || byte == b' ').next()?;
    String::from_utf8(text.to_vec()).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_says_its_version() {
        let mut image = vec![0; 0x1000];
        image[0x202..0x206].copy_from_slice(b"HdrS");
        image[0x20e..0x210].copy_from_slice(&0x0300_u16.to_le_bytes());
        image[0x500..0x518].copy_from_slice(b"6.12.117-amd64 (builder)");
        assert_eq!(version_of(&image).as_deref(), Some("6.12.117-amd64"));
    }

    #[test]
    fn what_is_no_image_has_none() {
        for other in [&[][..], b"\x7fELF", &[0; 0x210]] {
            assert_eq!(version_of(other), None);
        }
    }
}
