//! Which states at the start are tried.

use crate::hunt::{Quest, stages};
use crate::stage::areas;

/// How scenarios may begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// What the area begins with in the words of the language: with any of these; there are all areas if there is none.
    pub areas: Vec<String>,
    /// Whether there is a child from the start; both if it is not said.
    pub child: Option<bool>,
}

impl Start {
    /// Every state.
    pub(crate) const ANY: Self = Self { areas: Vec::new(), child: None };

    /// Whether scenarios with a child that is there from the start are tried, or those without.
    pub(crate) fn has_stage(&self, child: bool) -> bool {
        self.child.is_none_or(|wanted| wanted == child)
    }
}

/// Whether an area that is written in these words begins with any of some words, or need not.
pub(crate) fn is_wanted(area: &str, wanted: &[String]) -> bool {
    wanted.is_empty() || wanted.iter().any(|start| begins(area, start))
}

fn begins(area: &str, start: &str) -> bool {
    let mut words = area.split(' ');
    start.split_whitespace().all(|word| words.next() == Some(word))
}

/// Words with which no area begins, and what there is instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The words.
    pub start: String,
    /// As many of them as some area begins with.
    pub known: String,
    /// What may follow these.
    pub next: Vec<String>,
}

/// The first words of what is wanted with which no area begins.
#[must_use]
pub fn unknown(quest: &Quest) -> Option<Unknown> {
    let any = Quest { start: Start::ANY, ..quest.clone() };
    let all: Vec<String> = stages(&any, any.eras()).iter().flat_map(areas).map(|(_, words)| words).collect();
    let is_known = |start: &str| all.iter().any(|area| begins(area, start));
    let start = quest.start.areas.iter().find(|start| !is_known(start))?;
    let words: Vec<&str> = start.split_whitespace().collect();
    let known = (0..words.len()).rev().find(|known| is_known(&words[..*known].join(" ")))?;
    let mut next: Vec<String> = Vec::new();
    for area in all.iter().filter(|area| begins(area, &words[..known].join(" "))) {
        next.extend(
            area.split(' ')
                .nth(known)
                .filter(|word| !next.iter().any(|other| other == word))
                .map(str::to_owned),
        );
    }
    Some(Unknown { start: words.join(" "), known: words[..known].join(" "), next })
}

#[cfg(test)]
mod tests {
    use cowrace_machine::Arch;
    use cowrace_mm::Era;

    use super::*;
    use crate::campaign::Shape;

    fn quest(era: &str, start: &str) -> Quest {
        let start = Start { areas: vec![start.to_owned()], child: None };
        let era = Era::preset(era).expect("a preset");
        Quest { start, ..Quest::new(era, Arch::Generic, Shape { calls: 1, columns: 1 }) }
    }

    #[test]
    fn an_area_begins_with_whole_words() {
        assert!(begins("anon prevshared warm(a)", "anon prevshared"));
        assert!(begins("anon prevshared", " anon  prevshared "));
        assert!(!begins("anon prevshared", "anon prev"));
        assert!(!begins("anon", "anon prevshared"));
        assert!(!begins("anon prevshared", "prevshared"));
        assert!(is_wanted("file", &[]) && !is_wanted("file", &["anon".to_owned()]));
    }

    #[test]
    fn what_there_is_instead_follows_the_words_that_are_known() {
        assert_eq!(unknown(&quest("v6.15", "anon clean")), None);
        let first = unknown(&quest("v6.15", "anonymous")).expect("it is not known");
        assert_eq!((first.known.as_str(), first.next.len()), ("", 6));
        let second = unknown(&quest("v6.15", "file  writable")).expect("it is not known");
        assert_eq!((second.start.as_str(), second.known.as_str()), ("file writable", "file"));
        assert_eq!(second.next, ["read_only", "warm(a)"]);
        // Only what the kernel has.
        assert_eq!(unknown(&quest("v6.15", "zero uffd_wp")), None);
        assert!(unknown(&quest("v5.4", "zero uffd_wp")).is_some_and(|unknown| unknown.next.is_empty()));
    }
}
