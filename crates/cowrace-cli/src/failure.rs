//! Failures that end a command before it has an answer.

use crate::Exit;
use cowrace_check::KernelError;
use cowrace_compare::observed::ObservedError;
use cowrace_explore::ReplayError;

/// Why a command could not be carried out: an exit code and what to print on stderr.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What to print, without a newline at the end.
    pub message: String,
}

impl Failure {
    /// The command line is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: format!("error: {}", message.into()) }
    }

    /// A scenario cannot be read. The message is printed as it is.
    pub fn scenario(message: impl Into<String>) -> Self {
        Self { exit: Exit::Scenario, message: message.into() }
    }

    /// Something that an answer needs is not there yet.
    pub fn incomplete(message: impl Into<String>) -> Self {
        Self { exit: Exit::Bounded, message: format!("error: {}", message.into()) }
    }

    /// The tool itself failed.
    pub fn tool(message: impl Into<String>) -> Self {
        Self { exit: Exit::Tool, message: format!("error: {}", message.into()) }
    }
}

impl From<KernelError> for Failure {
    fn from(error: KernelError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<ObservedError> for Failure {
    fn from(error: ObservedError) -> Self {
        Self::tool(error.to_string())
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        Self::tool(format!("a schedule of the search does not replay: {error}"))
    }
}
