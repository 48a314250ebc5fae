//! `cowrace oracle`: the programs of `reproduce` on a kernel, beside the model.

mod cell;

use std::fs;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use cowrace_check::{Bounds, Task, Toggles, kernel};
use cowrace_mm::Era;
use cowrace_oracle::{CompileError, Compiler, Guest, GuestError, host, image, tap};
use cowrace_reproduce::{plan, program};

use crate::args::OracleArgs;
use crate::input::{self, Loaded};
use crate::{Exit, Failure, Interrupt, Out, batch};

use cell::Cell;

/// Carries out the command.
///
/// # Errors
///
/// If a scenario or the era cannot be had, or if programs cannot be run there.
pub(crate) fn run(args: &OracleArgs, out: &mut Out<'_>, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let version = version(args)?;
    let era = era(args, &version)?;
    let loaded = input::checked(input::files(&args.paths)?)?;
    let mut cells = planned(&loaded, &era, args, interrupt);
    let programs = cells.iter().filter(|cell| cell.program.is_some()).count();
    let directory = Scratch::new()?;
    let table = cell::Table::of(&cells);
    match &args.kernel {
        None => {
            if programs > 0 {
                permitted(args, programs, &version)?;
            }
            out.line(&table.head(&version))?;
            for (number, cell) in cells.iter_mut().enumerate() {
                if interrupt.asked() {
                    break;
                }
                on_host(cell, number, &directory.0)?;
                out.line(&table.line(cell))?;
            }
        }
        Some(image) => {
            let guest = Guest { image: image.clone(), modules: args.module.clone() };
            if programs > 0 {
                on_guest(&guest, &mut cells, &directory.0, out)?;
            }
            out.line(&table.head(&version))?;
            cells.iter().try_for_each(|cell| out.line(&table.line(cell)))?;
        }
    }
    out.line(&cell::figures(&cells, &era.label()))?;
    Ok(cell::exit(&cells))
}

/// The version of the kernel that programs run on.
fn version(args: &OracleArgs) -> Result<String, Failure> {
    let Some(image) = &args.kernel else {
        return host::version().map_err(|error| {
            Failure::tool(format!("cannot tell the version of this machine's kernel: {error}"))
        });
    };
    match image::version(image) {
        Ok(Some(version)) => Ok(version),
        Ok(None) => Err(Failure::usage(format!(
            "{} is no kernel image for x86-64: name a bzImage, which distributions call vmlinuz",
            image.display()
        ))),
        Err(error) => Err(Failure::usage(format!("cannot read {}: {error}", image.display()))),
    }
}

/// The era that was asked for, or that of a version such as `6.12.117+deb12-cloud-amd64`: of a stable tree that the tables do
/// not have, its release.
fn era(args: &OracleArgs, version: &str) -> Result<Era, Failure> {
    let selected = |name: String| {
        let mut selection = kernel::select(&[name], &Toggles::default())?;
        batch::print_notes(&selection.notes);
        selection.eras.pop().ok_or_else(|| Failure::usage("no era"))
    };
    if let Some(name) = &args.era {
        return selected(name.clone());
    }
    let number: String = version.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let release: String = number.split('.').take(2).collect::<Vec<_>>().join(".");
    let known = [number, release].into_iter().find(|name| Era::version(name).is_ok());
    known.map_or_else(
        || {
            Err(Failure::usage(format!(
                "the model has no kernel {version}: name the nearest with --era; `cowrace eras` lists them"
            )))
        },
        selected,
    )
}

/// The cells of all scenarios, with their programs.
fn planned(loaded: &[Loaded], era: &Era, args: &OracleArgs, interrupt: &Interrupt) -> Vec<Cell> {
    let mut cells = Vec::new();
    for each in loaded {
        for (variant, specification) in each.variants() {
            let bounds = Bounds::new(args.limits.limits(), interrupt);
            specification.heed(&bounds);
            let scenario = &each.scenario;
            let task =
                Task { scenario, variant, era, arch: Default::default(), specification: Some(specification) };
            let planned = plan(task, &bounds).map(|plan| (plan.forecast(), program(task, &plan)));
            cells.push(Cell::new(scenario.name(), variant.name(), planned));
        }
    }
    cells
}

/// Whether programs may be run on this machine: by root, who was asked.
fn permitted(args: &OracleArgs, programs: usize, version: &str) -> Result<(), Failure> {
    if !host::is_root() {
        return Err(Failure::usage(
            "programs are run by root only: run this command as root, or name a kernel image with --kernel",
        ));
    }
    if let Some(why) = host::forbids() {
        return Err(Failure::usage(format!("{why}\n  name a kernel image with --kernel instead")));
    }
    if args.yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(
            "programs would be run as root on this machine, and there is no terminal to ask: add --yes",
        ));
    }
    let question = format!(
        "{programs} programs will run as root on this machine ({version}). They use memory and processes of their own. Where \
         the\nmachine has no swap, some add 16 MiB of it in /var/tmp for as long as they run; some mount a file system of their \
         own\nwhere no other process sees it.\nType yes to go on: "
    );
    // An error means that standard error is closed, and no answer can come.
    let _ = write!(io::stderr(), "{question}");
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|error| Failure::tool(error.to_string()))?;
    match answer.trim() {
        "yes" => Ok(()),
        _ => Err(Failure::usage("nothing was run")),
    }
}

/// Writes the program of a cell, and compiles it.
fn compiled(cell: &Cell, number: usize, directory: &Path, whole: bool) -> Result<Option<PathBuf>, Failure> {
    let Some(text) = &cell.program else { return Ok(None) };
    let (source, binary) = (directory.join(format!("{number}.c")), directory.join(number.to_string()));
    fs::write(&source, text).map_err(|error| unusable(&source, &error))?;
    Compiler::of_the_environment().compile(&source, &binary, whole).map_err(|error| uncompiled(&error))?;
    Ok(Some(binary))
}

fn on_host(cell: &mut Cell, number: usize, directory: &Path) -> Result<(), Failure> {
    if let Some(binary) = compiled(cell, number, directory, false)? {
        let output = host::run(&binary).map_err(|error| unusable(&binary, &error))?;
        cell.seen = tap::read(&output);
    }
    Ok(())
}

fn on_guest(guest: &Guest, cells: &mut [Cell], directory: &Path, out: &mut Out<'_>) -> Result<(), Failure> {
    guest.is_possible().map_err(|error| cannot(&error))?;
    let mut programs = Vec::new();
    let mut of = Vec::new();
    for (number, cell) in cells.iter().enumerate() {
        if let Some(binary) = compiled(cell, number, directory, true)? {
            programs.push(binary);
            of.push(number);
        }
    }
    let said =
        guest.run(&Compiler::of_the_environment(), &programs, directory).map_err(|error| cannot(&error))?;
    for note in &said.notes {
        out.line(&format!("note: {note}"))?;
    }
    for (number, output) in of.into_iter().zip(&said.outputs) {
        cells[number].seen = tap::read(output);
    }
    Ok(())
}

fn uncompiled(error: &CompileError) -> Failure {
    Failure::tool(error.to_string())
}

fn cannot(error: &GuestError) -> Failure {
    match error {
        GuestError::NoQemu(_) => Failure::usage(error.to_string()),
        _ => Failure::tool(error.to_string()),
    }
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    Failure::tool(format!("cannot use {}: {error}", path.display()))
}

/// A directory that is removed in the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("cowrace-oracle-{}", std::process::id()));
        fs::create_dir(&path).map_err(|error| unusable(&path, &error))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A directory that is left behind does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}
