//! Looks up commits by the ids that users type.
//!
//! A commit is named by its id: at least 7 of its hexadecimal digits, and at most all 40. The tables have the first
//! twelve; of a longer one the rest is not compared. A proposal that was never merged is named by its whole word. An id
//! is read as a whole or not at all: a list, or an id followed by something else, is not an id.

use std::fmt;

use super::{COMMITS, Commit};

/// The number of digits of a whole id.
const DIGITS: usize = 40;
/// The smallest number of digits of an id.
const FEWEST: usize = 7;

/// Why a text names no commit of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdError {
    /// It is not an id: it has other characters than digits, or too few or too many digits.
    NotAnId(String),
    /// It is an id, but not of a commit that the model knows.
    Unknown(String),
    /// The ids of several commits begin with it.
    Ambiguous(String, Vec<&'static str>),
}

impl IdError {
    /// The text that was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::NotAnId(text) | Self::Unknown(text) | Self::Ambiguous(text, _) => text,
        }
    }
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text();
        match self {
            Self::NotAnId(_) if text.contains([',', ' ']) => {
                write!(f, "`{}` is not the id of one commit; each stands by itself", shown(text))
            }
            Self::NotAnId(_) => write!(
                f,
                "`{}` is not the id of a commit, which has {FEWEST} to {DIGITS} hexadecimal digits",
                shown(text)
            ),
            Self::Unknown(_) => write!(f, "there is no commit `{}` among the toggles", shown(text)),
            Self::Ambiguous(_, ids) => {
                write!(f, "`{}` may be commit {}; type more of it", shown(text), ids.join(" or "))
            }
        }
    }
}

impl std::error::Error for IdError {}

/// As much of a text as fits into a message.
fn shown(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", text[..end].escape_default()),
        None => text.escape_default().to_string(),
    }
}

/// The index of the commit with this id in [`COMMITS`].
pub(super) fn place(text: &str) -> Result<usize, IdError> {
    among(COMMITS.iter().map(|commit| commit.id), text)
}

/// A commit by its id, or by an unambiguous prefix of it.
///
/// # Errors
///
/// If there is none, or the text is not an id.
pub fn commit(text: &str) -> Result<&'static Commit, IdError> {
    place(text).map(|place| &COMMITS[place])
}

/// The index of an id among the given ones.
fn among(ids: impl Iterator<Item = &'static str> + Clone, text: &str) -> Result<usize, IdError> {
    if let Some(place) = ids.clone().position(|id| id == text) {
        return Ok(place);
    }
    let digits = text.to_ascii_lowercase();
    if !(FEWEST..=DIGITS).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(IdError::NotAnId(text.to_owned()));
    }
    let is = |id: &str| id.starts_with(&digits) || (is_hash(id) && digits.starts_with(id));
    let found: Vec<(usize, &'static str)> = ids.enumerate().filter(|(_, id)| is(id)).collect();
    match found[..] {
        [] => Err(IdError::Unknown(text.to_owned())),
        [(place, _)] => Ok(place),
        _ => Err(IdError::Ambiguous(text.to_owned(), found.iter().map(|&(_, id)| id).collect())),
    }
}

/// Whether an id is a git hash, and not the word of a proposal.
fn is_hash(id: &str) -> bool {
    id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: [&str; 4] = ["6c287605fd56", "6c287601aaaa", "57efa1fe5957", "dh-unshare-v1"];

    fn of(text: &str) -> Result<&'static str, IdError> {
        among(IDS.into_iter(), text).map(|place| IDS[place])
    }

    #[test]
    fn an_id_is_a_part_of_it_that_is_of_no_other_or_more_than_the_table_has() {
        let whole = "57efa1fe5957694fa541c9062de0a127f0b9acb0";
        for text in [whole, &whole[..12], &whole[..7], &whole[..20], "57EFA1FE5957"] {
            assert_eq!(of(text), Ok("57efa1fe5957"), "{text}");
        }
        assert_eq!(of("dh-unshare-v1"), Ok("dh-unshare-v1"));
        let both = vec!["6c287605fd56", "6c287601aaaa"];
        assert_eq!(of("6c28760"), Err(IdError::Ambiguous("6c28760".to_owned(), both)));
        assert_eq!(of("6c287605"), Ok("6c287605fd56"));
    }

    /// Invalid inputs and their kinds: none of them is a commit.
    #[test]
    fn a_text_that_is_not_an_id_is_refused() {
        for text in [
            "",
            "57efa1",
            "57efa1fe5957,6c287605fd56",
            "57efa1fe5957, 6c287605fd56",
            "57efa1fe5957 6c287605fd56",
            "57efa1fe5957garbage",
            "57efa1fe595x",
            "57efa1fe5957694fa541c9062de0a127f0b9acb0a",
            "57efa1fe5957\n",
            " 57efa1fe5957",
            "v57efa1fe5957",
            "57efa1fe5957^",
            "dh-unshare-v1x",
            "dh-unshare",
            "dh-unshare-v1,57efa1fe5957",
            "\u{200b}57efa1fe5957",
        ] {
            assert_eq!(of(text), Err(IdError::NotAnId(text.to_owned())), "{text:?}");
        }
        for text in ["57efa1fe5958", "57efa1fe5958694fa541c9062de0a127f0b9acb0", "deadbee"] {
            assert_eq!(of(text), Err(IdError::Unknown(text.to_owned())));
        }
    }

    #[test]
    fn what_is_shown_of_a_text_is_short_and_plain() {
        let error = IdError::NotAnId("\u{1b}[31m".to_owned() + &"x".repeat(5_000_000));
        let text = error.to_string();
        assert!(text.len() < 200 && text.contains("\\u{1b}[31m"), "{text}");
    }
}
