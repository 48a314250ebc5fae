//! The C compiler.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Command;

/// A C compiler.
#[derive(Clone, Debug)]
pub struct Compiler {
    command: OsString,
}

/// Why a program has no binary.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The compiler cannot be run.
    #[error(
        "there is no C compiler: `{}`: {error}\n  install one, with the headers of Linux, or name it in the variable CC",
        command.display()
    )]
    NoCompiler {
        /// Its command.
        command: OsString,
        /// The system's reason.
        #[source]
        error: io::Error,
    },
    /// The compiler refuses the program.
    #[error("the C compiler refuses {}:\n{errors}", source_file.display())]
    Refused {
        /// The program.
        source_file: std::path::PathBuf,
        /// What the compiler says.
        errors: String,
    },
}

impl Compiler {
    /// The compiler that the variable `CC` names, or `cc`.
    #[must_use]
    pub fn of_the_environment() -> Self {
        Self { command: std::env::var_os("CC").filter(|cc| !cc.is_empty()).unwrap_or_else(|| "cc".into()) }
    }

    /// Compiles a file to a binary. `whole` links libc into it, for a machine that has none.
    ///
    /// # Errors
    ///
    /// If there is no compiler, or if it refuses the program.
    pub fn compile(&self, source_file: &Path, binary: &Path, whole: bool) -> Result<(), CompileError> {
        let mut command = Command::new(&self.command);
        command
            .args(["-O2", "-pthread"])
            .args(whole.then_some(["-static", "-s"]).into_iter().flatten())
            .arg("-o")
            .args([binary, source_file]);
        let done = command
            .output()
            .map_err(|error| CompileError::NoCompiler { command: self.command.clone(), error })?;
        if done.status.success() {
            return Ok(());
        }
        let errors = String::from_utf8_lossy(&done.stderr).into_owned();
        Err(CompileError::Refused { source_file: source_file.to_owned(), errors })
    }
}
