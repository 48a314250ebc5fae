//! Ctrl-C.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Parser as _;

use crate::{Done, command};

/// A scenario that nobody has the time to explore.
const ENDLESS: &str = "race endless
mm A { buf: anon }
env spec_ref

thread0 @A                 thread1 @A   other process  third process  forker @A
=========================  ===========  =============  =============  ==========
read(O_DIRECT, buf[0], 1)  buf[1] = 2   clear_refs(A)  clear_refs(A)  B = fork()
r = buf[0]                 buf[1] = 3   clear_refs(A)

always r == 1 else lost-read
";

/// How long to wait for what should happen soon.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command line that runs.
struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
    printed: String,
}

impl Running {
    /// Starts a command line, and waits until it handles the signal.
    fn start(args: &[&str]) -> Self {
        let mut child = command(args);
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        wait_for(|| handles(child.id()));
        Self { child, out, printed: String::new() }
    }

    /// Waits for lines on standard output.
    fn lines(&mut self, count: usize) {
        for _ in 0..count {
            self.out.read_line(&mut self.printed).expect("a line");
        }
    }

    /// What Ctrl-C does.
    fn interrupt(&self) {
        self.send("INT");
    }

    fn send(&self, signal: &str) {
        let kill = format!("kill -s {signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
    }

    fn ends(mut self) -> Done {
        self.out.read_to_string(&mut self.printed).expect("text");
        let mut err = String::new();
        let pipe = self.child.stderr.take();
        pipe.expect("a pipe").read_to_string(&mut err).expect("text");
        let code = self.child.wait().expect("it ends").code();
        Done { code: code.expect("it ends by itself"), out: self.printed, err }
    }
}

#[track_caller]
fn wait_for(mut met: impl FnMut() -> bool) {
    let started = Instant::now();
    while !met() {
        assert!(started.elapsed() < PATIENCE, "it does not happen");
        sleep(Duration::from_millis(5));
    }
}

/// Whether a process handles SIGINT. Where that cannot be known, it has had the time to see to it.
fn handles(process: u32) -> bool {
    let Ok(status) = std::fs::read_to_string(format!("/proc/{process}/status")) else {
        sleep(Duration::from_secs(2));
        return true;
    };
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or_default();
    u64::from_str_radix(caught.trim(), 16).is_ok_and(|signals| signals & (1 << (2 - 1)) != 0)
}

/// Whether a process has done nothing for some time, although it had the time.
fn is_idle(process: u32) -> bool {
    // A thread that waits for a processor on a busy machine uses no time either, but does not sleep.
    let of_thread = |thread: std::io::Result<std::fs::DirEntry>| {
        let stat = std::fs::read_to_string(thread.ok()?.path().join("stat")).ok()?;
        let fields: Vec<&str> = stat.split(' ').collect();
        // The state, and the time in user and in kernel mode.
        (fields.get(2) == Some(&"S")).then(|| fields[13..15].concat())
    };
    let used = || {
        let threads = std::fs::read_dir(format!("/proc/{process}/task")).ok()?;
        threads.map(of_thread).collect::<Option<Vec<String>>>()
    };
    let before = used();
    sleep(Duration::from_millis(500));
    before.is_some() && before == used()
}

fn endless(directory: &Path) -> PathBuf {
    let path = directory.join("endless.race");
    std::fs::write(&path, ENDLESS).expect("a file");
    path
}

#[test]
fn what_was_found_until_then_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = endless(dir.path());
    let path = path.to_str().expect("a name");
    let eras = ["--era", "v6.12", "--era", "v6.15", "--jobs", "1"];
    for command in ["check", "matrix"] {
        let args = [&[command, "plain.race", path, "--format", "json"], &eras[..]].concat();
        let mut running = Running::start(&args);
        running.lines(2);
        sleep(Duration::from_millis(200));
        running.interrupt();
        let done = running.ends().exits(12);
        assert_eq!(done.err, "interrupted: 2 of 4 searches finished\n");
        let objects = done.objects();
        let [_, _, endless] = objects.as_slice() else { panic!("{objects:?}") };
        assert_eq!((&endless["verdict"], &endless["stopped"]), (&"bounded".into(), &"interrupted".into()));
        assert!(endless["executions"].as_u64() > Some(0), "{endless}");
    }
}

#[test]
fn a_table_has_what_there_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = endless(dir.path());
    let path = path.to_str().expect("a name");
    // The eras of a scenario are one thread's, so there is a scenario for each.
    let other = dir.path().join("other.race");
    std::fs::write(&other, ENDLESS.replace("race endless", "race other")).expect("a file");
    let other = other.to_str().expect("a name");
    let eras = ["--era", "v6.12", "--era", "v6.15", "--jobs", "2"];
    let run = |command: &str| {
        let running = Running::start(&[&[command, path, other], &eras[..]].concat());
        sleep(Duration::from_millis(200));
        running.interrupt();
        running.ends().exits(12).says(&["interrupted: 0 of 4 searches finished\n"])
    };
    run("check").prints(&["BOUNDED  endless  era v6.12", "  interrupted  ", "2 runs: 2 bounded"]);
    run("matrix").prints(&["endless   bounded", "other     bounded", "a limit ended the search"]);
}

/// What user space was promised here is worked out in no time, unlike that of the endless scenario, and the search takes
/// seconds: it has some 700,000 executions.
const LONG: &str = "\
race long
mm A { buf: anon }

a @A        other           pinner @A                      reader @A
==========  ==============  =============================  ==========
buf[0] = 1  reclaim(A.buf)  p = pin_fast(buf, FOLL_WRITE)  r = buf[0]
";

/// As `timeout` does, and all that cancels a job.
#[test]
fn what_is_to_be_terminated_tells_what_it_has() {
    let dir = tempfile::tempdir().expect("a directory");
    let (long, state) = (dir.path().join("long.race"), dir.path().join("state"));
    std::fs::write(&long, LONG).expect("a file");
    let [long, resume] = [&long, &state].map(|path| path.to_str().expect("a name"));
    let running = Running::start(&["check", long, "--era", "v6.15", "--jobs", "1", "--resume", resume]);
    sleep(Duration::from_millis(400));
    running.send("TERM");
    let done = running.ends().exits(12).says(&["interrupted: 0 of 1 search finished"]);
    done.prints(&["BOUNDED  long", "to go on, run the same command again"]);
    assert!(state.exists());
}

/// What is searched now would count as judged for those who go on.
#[test]
fn nothing_is_kept_if_it_is_not_known_what_was_promised() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, state) = (endless(dir.path()), dir.path().join("state"));
    let [path, resume] = [&path, &state].map(|path| path.to_str().expect("a name"));
    let running = Running::start(&["check", path, "--era", "v6.12", "--resume", resume]);
    // It takes some 200 ms to work out what was promised.
    running.interrupt();
    let done = running.ends().exits(12).says(&["interrupted: 0 of 1 search finished"]);
    done.prints(&["BOUNDED  endless", "an interrupt ended the search of the specification"]);
    assert!(!state.exists());
}

#[test]
fn nothing_is_explained() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = endless(dir.path());
    let running = Running::start(&["explain", path.to_str().expect("a name"), "--era", "v6.12"]);
    sleep(Duration::from_millis(200));
    running.interrupt();
    let done = running.ends().exits(12).says(&["interrupted: 0 of 1 search finished"]);
    done.prints(&["BOUNDED  endless", "No bad execution was seen, so there is none to explain"]);
}

#[test]
fn other_engines_stop_as_well() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = endless(dir.path());
    let path = path.to_str().expect("a name");
    for engine in ["loom", "shuttle"] {
        // loom has threads for four actors only, and takes long for them.
        let file = if engine == "loom" { "lost.race" } else { path };
        let args = ["check", file, "--era", "v6.15", "--engine", engine, "--schedules", "1000000000"];
        let running = Running::start(&args);
        sleep(Duration::from_millis(200));
        running.interrupt();
        let done = running.ends().exits(12).says(&["interrupted: 0 of 1 search finished"]);
        done.prints(&["BOUNDED", &format!("engine {engine}"), "  interrupted  "]);
    }
    // An interrupted search of explore is not followed by one of loom.
    let running = Running::start(&["check", path, "--era", "v6.15", "--engine", "all", "--format", "json"]);
    sleep(Duration::from_millis(200));
    running.interrupt();
    let done = running.ends().exits(12).says(&["interrupted: 0 of 1 search finished"]);
    assert_eq!(done.objects().len(), 1, "{}", done.out);
}

/// `timeout` sends a signal to the process and then to its group.
#[test]
fn two_that_come_together_are_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = endless(dir.path());
    let running = Running::start(&["check", path.to_str().expect("a name"), "--era", "v6.12"]);
    sleep(Duration::from_millis(200));
    // Both are there when it goes on.
    for signal in ["STOP", "INT", "TERM", "CONT"] {
        running.send(signal);
    }
    let done = running.ends().exits(12).says(&["interrupted: 0 of 1 search finished"]);
    done.prints(&["BOUNDED  endless", "  interrupted  "]);
}

#[test]
fn a_second_one_later_ends_it_at_once() {
    let files: Vec<String> = (0..40).map(|number| format!("tiny{number}.race")).collect();
    let dir = tempfile::tempdir().expect("a directory");
    let tiny = std::fs::read_to_string(crate::fixtures().join("tiny.race")).expect("it is there");
    let paths: Vec<String> = files.iter().map(|file| dir.path().join(file).display().to_string()).collect();
    for (path, number) in paths.iter().zip(0..) {
        std::fs::write(path, tiny.replacen("race tiny", &format!("race tiny{number}"), 1)).expect("a file");
    }
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    // Nobody reads what it prints, which is more than the pipe holds, so it cannot come to its end.
    let running = Running::start(&[&["check", "--format", "json"], &paths[..]].concat());
    wait_for(|| is_idle(running.child.id()));
    running.interrupt();
    sleep(Duration::from_millis(400));
    running.interrupt();
    let done = running.ends().exits(130);
    assert_eq!(done.err, "ended at once by a second signal: results that had not been printed are lost\n");
}

/// Nobody writes into the pipe, so whoever reads it has to wait, and hears of no wish.
#[test]
fn what_waits_for_its_input_is_ended_as_ever() {
    use std::os::unix::process::ExitStatusExt as _;
    let dir = tempfile::tempdir().expect("a directory");
    let pipe = dir.path().join("pipe.race");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("it is everywhere").success());
    for path in [pipe.to_str().expect("a name"), "-"] {
        for command_name in ["check", "matrix", "explain"] {
            let input = if path == "-" { Stdio::piped() } else { Stdio::null() };
            // What a shell starts in the background ignores the signal, and so would the child.
            let mut child = Command::new("env");
            child.args([
                "--default-signal=INT",
                env!("CARGO_BIN_EXE_cowrace"),
                command_name,
                path,
                "--era",
                "v6.12",
            ]);
            let mut child =
                child.stdin(input).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
            sleep(Duration::from_millis(200));
            let kill = format!("kill -s INT {}", child.id());
            assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
            let started = Instant::now();
            let status = loop {
                if let Some(status) = child.try_wait().expect("a child") {
                    break status;
                }
                assert!(started.elapsed() < PATIENCE, "it does not end");
                sleep(Duration::from_millis(5));
            };
            assert_eq!(status.signal(), Some(2), "{command_name} {path}");
        }
    }
}

/// There is nothing to tell.
#[test]
fn what_does_not_search_is_ended_as_ever() {
    let replay =
        cowrace_cli::Cli::try_parse_from(["cowrace", "replay", "x.race", "--era", "v6.1", "--as-written"]);
    assert!(!replay.expect("it parses").searches());
}
