// The fingerprints of the model's source. The build of the model computes them, and so does `xtask`, which notes in
// `src/source/table.rs` which source that table describes.

use std::path::{Path, PathBuf};

/// The file that is generated from the source and is not part of it.
pub(crate) const TABLE: &str = "source/table.rs";

/// A file of the model.
pub(crate) struct Source {
    /// Its name in the directory of the sources, with `/` on every system.
    pub(crate) name: String,
    /// Its text without carriage returns: a checkout may change line endings, and must not change the fingerprint.
    pub(crate) text: String,
}

/// The files of the model below a directory, in the order of their names.
pub(crate) fn sources(dir: &Path) -> std::io::Result<Vec<Source>> {
    let mut paths = Vec::new();
    walk(dir, &mut paths)?;
    let read = |path: PathBuf| {
        let name = path.strip_prefix(dir).unwrap_or(&path).display().to_string().replace('\\', "/");
        Ok(Source { name, text: std::fs::read_to_string(&path)?.replace('\r', "") })
    };
    let mut sources = paths.into_iter().map(read).collect::<std::io::Result<Vec<Source>>>()?;
    sources.retain(|source| source.name != TABLE);
    sources.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(sources)
}

fn walk(dir: &Path, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, into)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
    Ok(())
}

/// FNV-1a of texts.
pub(crate) fn fingerprint(sources: &[Source]) -> String {
    let bytes = sources.iter().flat_map(|source| source.text.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Every file with its own fingerprint, such as `memory.rs 0123456789abcdef`.
pub(crate) fn each(sources: &[Source]) -> Vec<String> {
    let one = |source: &Source| format!("{} {}", source.name, fingerprint(std::slice::from_ref(source)));
    sources.iter().map(one).collect()
}
