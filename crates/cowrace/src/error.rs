//! Why a question has no answer.

use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};

use cowrace_check::KernelError;
use cowrace_explore::ReplayError;
use cowrace_render::diagnostic;
use cowrace_scenario::{Diagnostic, LoadError};

/// Why a question has no answer: the question is not valid. A race in a kernel is not an error.
///
/// The text says what is wrong, where, and what to write instead.
///
/// ```
/// let error = cowrace::check("race x\n").kernel("v6.12").run().unwrap_err();
/// assert!(error.is_scenario());
/// let error = cowrace::check_file("nowhere.race").kernel("v6.12").run().unwrap_err();
/// assert!(error.is_file());
/// ```
#[derive(Debug)]
pub struct Error(Box<Kind>);

#[derive(Debug)]
pub(crate) enum Kind {
    File(LoadError),
    ManyFiles(PathBuf),
    Scenario(String),
    Variant { scenario: String, asked: Option<String>, there: Vec<String> },
    Kernel(KernelError),
    NoKernel,
    Replay(ReplayError),
}

impl Error {
    /// Whether a scenario file cannot be read, or is not one file.
    #[must_use]
    pub const fn is_file(&self) -> bool {
        matches!(*self.0, Kind::File(_) | Kind::ManyFiles(_))
    }

    /// Whether the text is not a scenario.
    #[must_use]
    pub const fn is_scenario(&self) -> bool {
        matches!(*self.0, Kind::Scenario(_))
    }

    /// Whether the scenario has no such variant, or has several and none was named.
    #[must_use]
    pub const fn is_variant(&self) -> bool {
        matches!(*self.0, Kind::Variant { .. })
    }

    /// Whether no kernel was named, or there is no such kernel, commit or rule.
    #[must_use]
    pub const fn is_kernel(&self) -> bool {
        matches!(*self.0, Kind::Kernel(_) | Kind::NoKernel)
    }

    /// Whether cowrace itself failed.
    #[must_use]
    pub const fn is_defect(&self) -> bool {
        matches!(*self.0, Kind::Replay(_))
    }

    /// The errors of a text, in the style of rustc.
    pub(crate) fn scenario(path: &Path, text: &str, diagnostics: &[Diagnostic]) -> Self {
        Kind::Scenario(diagnostic::draw(path, text, diagnostics, false)).into()
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self(Box::new(kind))
    }
}

impl From<KernelError> for Error {
    fn from(error: KernelError) -> Self {
        Kind::Kernel(error).into()
    }
}

impl From<ReplayError> for Error {
    fn from(error: ReplayError) -> Self {
        Kind::Replay(error).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::File(error) => error.fmt(f),
            Kind::ManyFiles(path) => write!(f, "{} holds several scenarios; name one file", path.display()),
            Kind::Scenario(drawn) => f.write_str(drawn),
            Kind::Variant { scenario, asked: Some(asked), there } if there.is_empty() => {
                write!(f, "`{scenario}` has no variant `{asked}`: it has no variants")
            }
            Kind::Variant { scenario, asked, there } => {
                let there = there.join(", ");
                match asked {
                    Some(asked) => write!(f, "`{scenario}` has no variant `{asked}`; there are {there}"),
                    None => {
                        write!(f, "`{scenario}` has the variants {there}; choose one with `.variant(..)`")
                    }
                }
            }
            Kind::Kernel(error) => error.fmt(f),
            Kind::NoKernel => f.write_str("no kernel is named; name one with `.kernel(\"v6.12\")`"),
            Kind::Replay(error) => write!(f, "a schedule of the search does not replay: {error}"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &*self.0 {
            Kind::File(error) => Some(error),
            Kind::Kernel(error) => Some(error),
            Kind::Replay(error) => Some(error),
            Kind::ManyFiles(_) | Kind::Scenario(_) | Kind::Variant { .. } | Kind::NoKernel => None,
        }
    }
}
