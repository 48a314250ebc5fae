//! The binary; its code is in the library.

use std::io::{self, Write as _};
use std::panic::catch_unwind;
use std::process::ExitCode;

use clap::Parser as _;
use cowrace_cli::Exit;
use cowrace_cli::{Cli, Interrupt, Out};

fn main() -> ExitCode {
    // Without this, the exit code of a defect would not be a documented one.
    let done = catch_unwind(|| {
        let cli = Cli::parse();
        let logging = cowrace_cli::log::install(&cli.log)?;
        // A command without searches has nothing to print when it is interrupted, so Ctrl-C keeps its effect there.
        let interrupt = if cli.searches() { Interrupt::by_ctrl_c() } else { Interrupt::default() };
        let done = cowrace_cli::run(&cli, &mut Out::stdout(cli.colour), &interrupt);
        let ended = logging.end();
        done.and_then(|exit| ended.map(|()| exit))
    });
    let exit = match done {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => {
            // An error means that standard error is closed, and is ignored.
            let _ = writeln!(io::stderr(), "{}", failure.message);
            failure.exit
        }
        Err(_) => Exit::Tool,
    };
    ExitCode::from(exit as u8)
}
