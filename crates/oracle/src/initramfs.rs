//! An initramfs: an archive of `cpio` in the form `newc`, which a kernel unpacks into its first file system.

/// What an entry is, as the kernel counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Directory,
    /// A file that may be executed.
    Program,
    /// A character device, by its numbers.
    Device(u32, u32),
}

/// An archive.
#[derive(Clone, Debug, Default)]
pub struct Initramfs {
    bytes: Vec<u8>,
    entries: u32,
}

impl Initramfs {
    /// An archive with the directories that an init needs, and a console.
    #[must_use]
    pub fn new() -> Self {
        let mut archive = Self::default();
        for directory in ["dev", "mnt", "proc", "sys", "tmp", "var", "var/tmp", "programs", "modules"] {
            archive.entry(directory, Kind::Directory, &[]);
        }
        archive.entry("dev/console", Kind::Device(5, 1), &[]);
        archive
    }

    /// Adds a file that may be executed.
    pub fn add(&mut self, name: &str, content: &[u8]) {
        self.entry(name, Kind::Program, content);
    }

    /// The archive as bytes.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.header("TRAILER!!!", 0, 1, 0, (0, 0));
        self.bytes
    }

    fn entry(&mut self, name: &str, kind: Kind, content: &[u8]) {
        let (mode, links, device) = match kind {
            Kind::Directory => (0o040_755, 2, (0, 0)),
            Kind::Program => (0o100_755, 1, (0, 0)),
            Kind::Device(major, minor) => (0o020_600, 1, (major, minor)),
        };
        self.header(name, mode, links, content.len(), device);
        self.bytes.extend_from_slice(content);
        self.pad();
    }

    fn header(&mut self, name: &str, mode: u32, links: u32, size: usize, device: (u32, u32)) {
        self.entries += 1;
        // inode, mode, uid, gid, links, time, size, device of the file system, device, length of the name, check sum
        let fields = [
            self.entries as usize,
            mode as usize,
            0,
            0,
            links as usize,
            0,
            size,
            0,
            0,
            device.0 as usize,
            device.1 as usize,
            name.len() + 1,
            0,
        ];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes.extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.pad();
    }

    /// Everything begins at a multiple of four.
    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_begin_at_multiples_of_four() {
        let mut archive = Initramfs::default();
        archive.add("init", b"12345");
        let bytes = archive.finish();
        assert!(bytes.starts_with(b"07070100000001000081ed"), "{}", String::from_utf8_lossy(&bytes));
        assert_eq!(&bytes[110..115], b"init\0");
        // 110 bytes of header and 5 of name, padded to 116; 5 of content, padded to 124.
        assert_eq!(&bytes[116..124], b"12345\0\0\0");
        assert!(bytes[124..].starts_with(b"070701") && bytes.len() % 4 == 0);
        assert!(bytes.windows(11).any(|window| window == b"TRAILER!!!\0"));
    }
}
