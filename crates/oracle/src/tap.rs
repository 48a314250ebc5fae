//! What a program says: TAP, as kselftest prints it.

use std::fmt;

/// What a program saw of its case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The damage.
    Hit,
    /// No damage, although everything was as it had to be.
    Clean,
    /// Nothing can be said, for this reason.
    Skipped(String),
}

/// For tables.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Hit => "HIT",
            Self::Clean => "CLEAN",
            Self::Skipped(_) => "SKIP",
        })
    }
}

/// Reads the output of a program. The last test is the case; the one before is its control. `None` if no test has a
/// result: the program was ended.
#[must_use]
pub fn read(output: &str) -> Option<Seen> {
    output.lines().filter_map(result).next_back()
}

fn result(line: &str) -> Option<Seen> {
    let line = line.trim_end();
    let skipped = |text: &str| text.split_once("# SKIP ").map(|(_, why)| Seen::Skipped(why.to_owned()));
    if line.starts_with("1..0 ") || line.starts_with("ok ") {
        let is_clean = line.starts_with("ok ") && line.ends_with(": CLEAN");
        return skipped(line).or(is_clean.then_some(Seen::Clean));
    }
    (line.starts_with("not ok ") && line.ends_with(": HIT")).then_some(Seen::Hit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_test_is_the_case() {
        let hit =
            "TAP version 13\n1..2\n#   r = 0\nok 1 control: without clear_refs(A): CLEAN\nnot ok 2 r: HIT\n";
        assert_eq!(read(hit), Some(Seen::Hit));
        assert_eq!(read("TAP version 13\n1..1\nok 1 r: CLEAN\r\n"), Some(Seen::Clean));
        let skipped =
            "TAP version 13\n1..2\nok 1 control: x: CLEAN\nok 2 r # SKIP row 3 did not end in time\n";
        assert_eq!(read(skipped), Some(Seen::Skipped("row 3 did not end in time".to_owned())));
    }

    #[test]
    fn a_facility_that_is_lacking_skips_all() {
        let text = "TAP version 13\n1..0 # SKIP the kernel has no soft-dirty bits\n";
        assert_eq!(read(text), Some(Seen::Skipped("the kernel has no soft-dirty bits".to_owned())));
    }

    #[test]
    fn a_program_that_was_ended_says_nothing() {
        assert_eq!(read("TAP version 13\n1..2\n"), None);
    }
}
