//! Era files: a kernel of one's own, as TOML.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use cowrace_mm::Era;
use serde::Deserialize;

use crate::Failure;
use crate::eras::{Toggles, explain, told};

/// Bytes of the largest era file. With every commit and every rule it would have a hundredth of that.
const MOST: u64 = 1 << 20;

/// The contents of an era file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EraFile {
    /// The era's own name.
    name: String,
    /// The preset, release or version that it starts from.
    base: String,
    /// Commits more.
    #[serde(default)]
    with: Vec<String>,
    /// Commits less.
    #[serde(default)]
    without: Vec<String>,
    /// Rules picked by hand.
    #[serde(default)]
    set: BTreeMap<String, String>,
}

/// Reads an era file.
///
/// # Errors
///
/// If it cannot be read, is no TOML, has unknown keys, or names what does not exist.
pub(crate) fn read(path: &Path, notes: &mut Vec<String>) -> Result<Era, Failure> {
    let shown = path.display();
    let unreadable =
        |error: std::io::Error| Failure::usage(format!("cannot read the era file `{shown}`: {error}"));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(MOST + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MOST {
        return Err(Failure::usage(format!("`{shown}` is no era file: it has more than {MOST} bytes")));
    }
    let file: EraFile = toml::from_str(&text).map_err(|error| {
        let error = error.to_string();
        Failure::usage(format!("the era file `{shown}` cannot be understood\n{}", brief(error.trim_end())))
    })?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if file.name.is_empty() || !file.name.chars().all(plain) {
        return Err(Failure::usage(format!(
            "the era file `{shown}` has the name `{}`; a name is made of letters, digits, `.`, `_` and `-`",
            file.name.escape_default().take(100).collect::<String>()
        )));
    }
    if Era::version(&file.name).is_ok() {
        return Err(Failure::usage(format!(
            "the era file `{shown}` has the name `{}`, which is that of a kernel of its own",
            file.name
        )));
    }
    let fail =
        |error| Failure::usage(format!("in the era file `{shown}`: {}", explain(&error, Some(&file.base))));
    let base = Era::version(&file.base).map_err(fail)?;
    notes.extend(told(&base));
    let toggles = Toggles {
        with: file.with.clone(),
        without: file.without.clone(),
        set: file.set.into_iter().collect(),
    };
    Ok(toggles.apply(base.era).map_err(fail)?.named(&file.name))
}

/// An error of the reader, which quotes a line of the file, however long that is.
fn brief(error: &str) -> String {
    const MOST: usize = 120;
    let line = |line: &str| match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    };
    error.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Era, Failure> {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("era.toml");
        std::fs::write(&path, text).expect("a file");
        read(&path, &mut Vec::new())
    }

    #[test]
    fn a_file_makes_an_era_of_its_own() {
        let era =
            parse("name = \"mine\"\nbase = \"v5.9\"\n[set]\nwp_reuse = \"mapcount\"\n").expect("an era");
        assert_eq!(era.name(), "mine");
        assert_eq!(era.rules().wp_reuse.name(), "mapcount");
    }

    #[test]
    fn what_is_no_era_file_is_not_echoed() {
        for text in [format!("name = \"{}", "x".repeat(5_000_000)), "a".repeat(500_000)] {
            let failure = parse(&text).expect_err("it is none");
            assert!(failure.message.len() < 2000, "{} bytes", failure.message.len());
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, words) in [
            ("name = \"mine\"\nbase = \"v5.9\"\ncolour = 1\n", "colour"),
            ("base = \"v5.9\"\n", "name"),
            ("name = \"mine\"\nbase = \"v5.99\"\n", "`v5.9`"),
            ("name = \"v5.9\"\nbase = \"v5.9\"\n", "kernel of its own"),
            ("name = \"my era\"\nbase = \"v5.9\"\n", "letters"),
            ("name = \"mine\"\nbase = \"v5.9\"\nset = { wp_reuse = \"x\" }\n", "wp_reuse"),
            ("name =", "cannot be understood"),
        ] {
            let failure = parse(text).expect_err(text);
            assert_eq!(failure.exit, cowrace_report::Exit::Usage);
            assert!(failure.message.contains(words), "{text}: {}", failure.message);
        }
        assert!(
            read(Path::new("/nowhere/era.toml"), &mut Vec::new())
                .expect_err("no file")
                .message
                .contains("cannot read")
        );
    }
}
