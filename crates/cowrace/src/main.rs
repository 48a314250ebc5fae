//! The command line; all of it is in the library.

use std::io::{self, Write as _};
use std::panic::catch_unwind;
use std::process::ExitCode;

use clap::Parser as _;
use cowrace::{Cli, Exit, Out};

fn main() -> ExitCode {
    // Without it, the exit code of a defect would be none of those documented.
    let done = catch_unwind(|| cowrace::run(&Cli::parse(), &mut Out::stdout()));
    let exit = match done {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => {
            // Nobody is left to tell if standard error is gone.
            let _ = writeln!(io::stderr(), "{}", failure.message);
            failure.exit
        }
        Err(_) => Exit::Tool,
    };
    ExitCode::from(exit as u8)
}
