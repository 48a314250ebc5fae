//! Logs decisions to standard error, and profiles to a file.

use std::env;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::{Args, ValueEnum};
use tracing_chrome::{ChromeLayerBuilder, FlushGuard, TraceStyle};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt};

use crate::Failure;

/// The environment variable with the filter of logs, if the command line has none.
const VARIABLE: &str = "COWRACE_LOG";

/// The prefix of every filter: loom and shuttle have a span for every execution, and are logged only if they are
/// named.
const QUIET: &str = "loom=off,shuttle=off,shuttle_engine=off,shuttle_schedulers=off,shuttle_std=off";

/// The default filter of a profile.
const PROFILED: &str = "debug";

/// What is logged.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Logs")]
pub struct LogArgs {
    /// Logs decisions to standard error: error, warn, info, debug, trace, or a filter such as
    /// `cowrace_explore=debug,loom=trace` [env: COWRACE_LOG].
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log: Option<String>,
    /// The format of logs.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,
    /// Writes a profile to a file, in the format of Chrome's tracing: open it in Perfetto or
    /// chrome://tracing.
    #[arg(long, global = true, value_name = "FILE")]
    pub profile: Option<PathBuf>,
}

/// The format of logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line for each event.
    #[default]
    Text,
    /// An object of JSON for each event.
    Json,
}

/// Logging that is under way.
#[must_use = "a profile is whole when logging has ended"]
pub struct Logging {
    profile: Option<(FlushGuard, FirstError)>,
}

impl Logging {
    /// Writes the rest of a profile.
    ///
    /// # Errors
    ///
    /// If the profile could not be written.
    pub fn end(self) -> Result<(), Failure> {
        let Some((guard, first_error)) = self.profile else { return Ok(()) };
        drop(guard);
        let error = first_error.lock().unwrap_or_else(PoisonError::into_inner).take();
        match error {
            Some(error) => Err(Failure::tool(format!("the profile cannot be written: {error}"))),
            None => Ok(()),
        }
    }
}

/// The first error in writing a profile.
type FirstError = Arc<Mutex<Option<io::Error>>>;

/// Writes a profile to a file. The thread that writes it has nobody to tell of an error, so an error is kept.
struct ProfileFile {
    file: io::BufWriter<File>,
    first_error: FirstError,
}

impl ProfileFile {
    fn keep<T>(&self, result: io::Result<T>, otherwise: T) -> T {
        result.unwrap_or_else(|error| {
            self.first_error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            otherwise
        })
    }
}

impl io::Write for ProfileFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.file.write(bytes);
        Ok(self.keep(result, bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.file.flush();
        self.keep(result, ());
        Ok(())
    }
}

impl std::fmt::Debug for Logging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logging").field("profile", &self.profile.is_some()).finish()
    }
}

/// Starts the logging that the arguments and the environment ask for, until the end of the process.
///
/// # Errors
///
/// If there is no such filter, or the file of the profile cannot be written.
pub fn install(args: &LogArgs) -> Result<Logging, Failure> {
    let asked = match &args.log {
        Some(filter) => Some((filter.clone(), "--log")),
        None => env::var(VARIABLE).ok().filter(|filter| !filter.is_empty()).map(|filter| (filter, VARIABLE)),
    };
    if asked.is_none() && args.profile.is_none() {
        return Ok(Logging { profile: None });
    }
    let told = asked.as_ref().map(|(text, source)| filter(text, source)).transpose()?;
    let lines = told.map(|told| {
        let lines = fmt::layer().with_writer(io::stderr);
        match args.log_format {
            LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).with_filter(told).boxed(),
            LogFormat::Json => lines.json().with_filter(told).boxed(),
        }
    });
    let (chrome, profile) = match &args.profile {
        Some(path) => {
            let profiled = match &asked {
                Some((text, source)) => filter(text, source)?,
                None => filter(PROFILED, "--profile")?,
            };
            let first_error = FirstError::default();
            let (layer, guard) = ChromeLayerBuilder::new()
                .writer(ProfileFile {
                    file: io::BufWriter::new(created(path)?),
                    first_error: Arc::clone(&first_error),
                })
                .include_args(true)
                .trace_style(TraceStyle::Threaded)
                .build();
            (Some(layer.with_filter(profiled)), Some((guard, first_error)))
        }
        None => (None, None),
    };
    // It fails if there is already a subscriber, of a program that calls the command line as a library.
    drop(tracing_subscriber::registry().with(lines).with(chrome).try_init());
    Ok(Logging { profile })
}

fn filter(text: &str, source: &str) -> Result<EnvFilter, Failure> {
    // A word that is not a level would be taken for the name of a part, so a misspelt level would log
    // nothing.
    let is_known = |directive: &str| {
        let level = directive.parse::<LevelFilter>().is_ok();
        level || ["=", "[", "cowrace", "loom", "shuttle"].iter().any(|part| directive.contains(part))
    };
    let known = text.split(',').all(|directive| is_known(directive.trim()));
    let parsed = EnvFilter::builder().parse(format!("{QUIET},{text}")).ok().filter(|_| known);
    parsed.ok_or_else(|| {
        let shown: String = text.chars().take(100).collect();
        Failure::usage(format!(
            "{source} is not a log filter: `{}`\n  a filter is a level (error, warn, info, debug, trace), \
             or levels of parts, such as cowrace_explore=debug,loom=trace",
            shown.escape_debug()
        ))
    })
}

/// The file of a profile. A file that is something else is not overwritten.
fn created(path: &Path) -> Result<File, Failure> {
    if path.is_file() && !is_profile(path) {
        return Err(Failure::usage(format!(
            "{} exists and is no profile; name another file, or remove this one",
            path.display()
        )));
    }
    File::create(path)
        .map_err(|error| Failure::usage(format!("{} cannot be written: {error}", path.display())))
}

/// Whether a file is empty or begins like a profile.
fn is_profile(path: &Path) -> bool {
    let mut begin = Vec::new();
    let read = File::open(path).and_then(|file| file.take(256).read_to_end(&mut begin));
    read.is_ok() && (begin.is_empty() || begin.starts_with(b"[") && begin.windows(4).any(|w| w == b"\"ph\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_filter_is_refused_with_an_example() {
        for text in ["loud", "cowrace=loud", "a=b=c", "[[["] {
            let failure = filter(text, "--log").expect_err(text);
            assert!(failure.message.contains("cowrace_explore=debug"), "{}", failure.message);
        }
        for text in
            ["info", "cowrace_explore=debug,loom=trace", "warn,cowrace_check[check{kernel=v6.12}]=trace"]
        {
            assert!(filter(text, "--log").is_ok(), "{text}");
        }
    }
}
