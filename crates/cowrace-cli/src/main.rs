//! The command line; all of it is in the library.

use std::io::{self, Write as _};
use std::panic::catch_unwind;
use std::process::ExitCode;

use clap::Parser as _;
use cowrace_cli::Exit;
use cowrace_cli::{Cli, Interrupt, Out};

fn main() -> ExitCode {
    // Without it, the exit code of a defect would be none of those documented.
    let done = catch_unwind(|| {
        let cli = Cli::parse();
        let _logging = cowrace_cli::log::install(&cli.log)?;
        // What does not search has nothing to tell when it is interrupted, so there Ctrl-C is left as it is.
        let interrupt = if cli.searches() { Interrupt::by_ctrl_c() } else { Interrupt::default() };
        cowrace_cli::run(&cli, &mut Out::stdout(), &interrupt)
    });
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
