//! A toggle: a deviation from a named kernel.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An additional commit, a commit that is left out, or a rule that is set. The text form is as on a command line:
/// `--without 57efa1fe5957`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
pub enum Toggle {
    /// An additional commit, by its id.
    With(String),
    /// A commit that is left out.
    Without(String),
    /// A rule, and its value.
    Set(String, String),
}

/// A text that is not a toggle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not of the form `--with COMMIT`, `--without COMMIT` or `--set RULE=VALUE`")]
pub struct ParseToggleError(pub String);

impl fmt::Display for Toggle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::With(id) => write!(f, "--with {id}"),
            Self::Without(id) => write!(f, "--without {id}"),
            Self::Set(rule, value) => write!(f, "--set {rule}={value}"),
        }
    }
}

impl FromStr for Toggle {
    type Err = ParseToggleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let toggle = match text.split_once(' ') {
            Some(("--with", id)) => Some(Self::With(id.to_owned())),
            Some(("--without", id)) => Some(Self::Without(id.to_owned())),
            Some(("--set", rule)) => {
                rule.split_once('=').map(|(rule, value)| Self::Set(rule.to_owned(), value.to_owned()))
            }
            _ => None,
        };
        toggle.ok_or_else(|| ParseToggleError(text.to_owned()))
    }
}

impl Serialize for Toggle {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Toggle {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toggle_is_read_as_it_is_written() {
        for text in ["--with 6c287605fd56", "--without 57efa1fe5957", "--set wp_copy_flush=none"] {
            assert_eq!(text.parse::<Toggle>().map(|toggle| toggle.to_string()).as_deref(), Ok(text));
        }
        for text in ["57efa1fe5957", "--without", "--set wp_reuse", "--clear x"] {
            assert_eq!(text.parse::<Toggle>(), Err(ParseToggleError(text.to_owned())));
        }
    }
}
