//! A kernel image under QEMU, without KVM, with programs in an initramfs.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::compile::{CompileError, Compiler};
use crate::initramfs::Initramfs;

/// The first process of the guest.
const INIT: &str = include_str!("init.c");

/// The size of the guest's disk, which is swap, in bytes.
const DISK: u64 = 64 << 20;

/// The guest's memory, in MiB, beside what the initramfs takes.
const MEMORY: u64 = 384;

/// How long a guest may say nothing: longer than a program takes.
const SILENCE: Duration = Duration::from_secs(300);

/// The command of QEMU.
const QEMU: &str = "qemu-system-x86_64";

/// A kernel to run programs on.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The image, for x86-64.
    pub image: PathBuf,
    /// Modules to load before, in this order.
    pub modules: Vec<PathBuf>,
}

/// Why programs cannot be run on a kernel.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// There is no QEMU.
    #[error(
        "there is no `{QEMU}`: {0}\n  install QEMU for x86 (on Debian: qemu-system-x86), or run on this machine's kernel with \
         --host, as root"
    )]
    NoQemu(#[source] io::Error),
    /// The first process cannot be compiled.
    #[error(transparent)]
    Init(#[from] CompileError),
    /// A file cannot be read or written.
    #[error("cannot use {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        error: io::Error,
    },
    /// The kernel did not run the programs.
    #[error("the kernel ended without running all programs; its last lines:\n{0}")]
    Ended(String),
}

/// What a guest said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The version of its kernel.
    pub kernel: Option<String>,
    /// The output of each program, as far as it got.
    pub outputs: Vec<String>,
    /// What its first process notes: modules that cannot be loaded, swap that is lacking.
    pub notes: Vec<String>,
}

impl Guest {
    /// Whether there is a QEMU. It is asked before programs are compiled, which takes longer.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn is_possible(&self) -> Result<(), GuestError> {
        let asked = Command::new(QEMU).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        asked.map(|_| ()).map_err(GuestError::NoQemu)
    }

    /// Boots the kernel, runs programs one after the other, and returns what they said. `directory` is for files that are
    /// needed meanwhile; programs are linked with libc.
    ///
    /// # Errors
    ///
    /// If there is no QEMU, a file cannot be had, or the kernel does not get as far as the last program.
    pub fn run(
        &self,
        compiler: &Compiler,
        programs: &[PathBuf],
        directory: &Path,
    ) -> Result<Said, GuestError> {
        let initramfs = self.initramfs(compiler, programs, directory)?;
        let disk = directory.join("disk");
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| GuestError::File { path, error }
        };
        let file = fs::File::create(&disk).map_err(failed(&disk))?;
        file.set_len(DISK).map_err(failed(&disk))?;
        // The archive and what is unpacked of it are in memory, both.
        let size = fs::metadata(&initramfs).map_err(failed(&initramfs))?.len();
        let memory = MEMORY + 3 * size.div_ceil(1 << 20);
        let mut command = Command::new(QEMU);
        command
            .args(["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", &memory.to_string()])
            .args(["-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio"])
            .arg("-kernel")
            .arg(&self.image)
            .arg("-initrd")
            .arg(&initramfs)
            .args(["-append", "console=ttyS0 quiet panic=-1 cowrace.guest"])
            .arg("-drive")
            .arg(format!("file={},format=raw,if=virtio", disk.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(GuestError::NoQemu)?;
        let lines =
            child.stdout.take().map(|from| until_silent(from, || _ = child.kill())).unwrap_or_default();
        let done = child.wait_with_output().map_err(GuestError::NoQemu)?;
        let said = listen(&lines, programs.len());
        if lines.iter().any(|line| line.starts_with("COWRACE DONE")) {
            return Ok(said);
        }
        let errors = String::from_utf8_lossy(&done.stderr).into_owned();
        let last = lines.len().saturating_sub(10);
        Err(GuestError::Ended(format!("{}\n{errors}", lines[last..].join("\n"))))
    }

    fn initramfs(
        &self,
        compiler: &Compiler,
        programs: &[PathBuf],
        directory: &Path,
    ) -> Result<PathBuf, GuestError> {
        let read =
            |path: &Path| fs::read(path).map_err(|error| GuestError::File { path: path.to_owned(), error });
        let write = |path: &Path, bytes: &[u8]| {
            fs::write(path, bytes).map_err(|error| GuestError::File { path: path.to_owned(), error })
        };
        let (source, init) = (directory.join("init.c"), directory.join("init"));
        write(&source, INIT.as_bytes())?;
        compiler.compile(&source, &init, true)?;
        let mut archive = Initramfs::new();
        archive.add("init", &read(&init)?);
        for (number, module) in self.modules.iter().enumerate() {
            archive.add(&format!("modules/{number}"), &read(module)?);
        }
        for (number, program) in programs.iter().enumerate() {
            archive.add(&format!("programs/{number}"), &read(program)?);
        }
        let path = directory.join("initramfs");
        write(&path, &archive.finish())?;
        Ok(path)
    }
}

/// The lines of a console. If it is silent for too long, `end` ends the guest.
fn until_silent(from: impl Read + Send + 'static, end: impl FnOnce()) -> Vec<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    let mut lines = Vec::new();
    loop {
        match receiver.recv_timeout(SILENCE) {
            Ok(line) => lines.push(line),
            Err(RecvTimeoutError::Disconnected) => return lines,
            Err(RecvTimeoutError::Timeout) => break,
        }
    }
    end();
    lines
}

/// Sorts the lines of a console by programs.
fn listen(lines: &[String], programs: usize) -> Said {
    let mut said = Said { kernel: None, outputs: vec![String::new(); programs], notes: Vec::new() };
    let mut current: Option<usize> = None;
    for line in lines {
        // A message of the kernel may stand before it.
        let own = line.find("COWRACE ").map(|at| &line[at + "COWRACE ".len()..]);
        match own.and_then(|own| own.split_once(' ')) {
            Some(("KERNEL", version)) => said.kernel = Some(version.to_owned()),
            Some(("NOTE", note)) => said.notes.push(note.to_owned()),
            Some(("BEGIN", number)) => current = number.parse().ok(),
            Some(("END", _)) => current = None,
            _ => {
                if let Some(output) = current.and_then(|number| said.outputs.get_mut(number)) {
                    output.push_str(line);
                    output.push('\n');
                }
            }
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_process_goes_on_in_a_guest_only() {
        let directory = tempfile::tempdir().expect("a directory");
        let (source, init) = (directory.path().join("init.c"), directory.path().join("init"));
        fs::write(&source, INIT).expect("a file");
        Compiler::of_the_environment().compile(&source, &init, false).expect("it compiles");
        let done = Command::new(&init).output().expect("it runs");
        assert_eq!(done.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&done.stdout).contains("of a guest"));
    }

    #[test]
    fn a_console_is_sorted_by_programs() {
        let console = "SeaBIOS\nCOWRACE KERNEL 6.12.117\nCOWRACE NOTE no disk for swap\nCOWRACE BEGIN 0\nTAP version 13\n\
                       1..0 # SKIP x\nCOWRACE END 0 4\n[ 1.0] noise\nCOWRACE BEGIN 1\nok 1 r: CLEAN\nCOWRACE END 1 0\n\
                       COWRACE DONE\n";
        let lines: Vec<String> = console.lines().map(str::to_owned).collect();
        let said = listen(&lines, 2);
        assert_eq!(said.kernel.as_deref(), Some("6.12.117"));
        assert_eq!(said.outputs, ["TAP version 13\n1..0 # SKIP x\n", "ok 1 r: CLEAN\n"]);
        assert_eq!(said.notes, ["no disk for swap"]);
    }

    #[test]
    fn a_guest_that_is_not_there_says_what_to_install() {
        let error = GuestError::NoQemu(io::Error::from(io::ErrorKind::NotFound)).to_string();
        assert!(error.contains("qemu-system-x86") && error.contains("--host"), "{error}");
    }
}
