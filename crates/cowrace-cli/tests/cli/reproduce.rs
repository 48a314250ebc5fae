//! `cowrace reproduce` and `cowrace oracle`.

use std::process::{Command, Stdio};

use crate::{command, cowrace};

#[test]
fn a_program_is_printed() {
    let done = cowrace(&["reproduce", "lost.race", "--era", "v5.9"]).exits(0).quiet();
    done.prints(&["// SPDX-License-Identifier", "int main(void)", "HIT is expected there"]);
}

#[test]
fn a_program_is_written_to_a_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("program.c");
    let file = path.to_str().expect("text");
    let done = cowrace(&["reproduce", "plain.race", "--out", file]).exits(0).quiet();
    done.prints(&["program.c: CLEAN is expected under v6."]);
    assert!(std::fs::read_to_string(&path).expect("a file").contains("TAP version 13"));
}

#[test]
fn what_user_space_cannot_do_is_refused() {
    let done =
        cowrace(&["reproduce", "../../../../scenarios/dio-9p-fork-lost-read.race", "--variant", "nfs"]);
    done.exits(12).says(&["there is no program for `dio-9p-fork-lost-read`", "row 1:", "write `fuse`"]);
}

#[test]
fn an_oracle_says_what_is_missing() {
    cowrace(&["oracle", "plain.race"]).exits(2).says(&["--host", "--kernel"]);
    cowrace(&["oracle", "--kernel", "plain.race", "plain.race"])
        .exits(2)
        .says(&["no kernel image for x86-64"]);
}

/// Without root, or without `--yes`, nothing is run.
#[cfg(target_os = "linux")]
#[test]
fn nothing_is_run_here_unless_root_says_so() {
    let oracle = ["oracle", "--host", "--era", "v6.18", "plain.race"];
    let done = command(&oracle).stdin(Stdio::null()).output().expect("it starts");
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(errors.contains("root"), "{errors}");
    assert_eq!((done.status.code(), done.stdout.as_slice()), (Some(2), &b""[..]));
}

#[test]
fn an_oracle_without_qemu_says_what_to_install() {
    let directory = tempfile::tempdir().expect("a directory");
    let image = directory.path().join("bzImage");
    let mut bytes = vec![0; 0x1000];
    bytes[0x202..0x206].copy_from_slice(b"HdrS");
    bytes[0x20e..0x210].copy_from_slice(&0x0300_u16.to_le_bytes());
    bytes[0x500..0x50b].copy_from_slice(b"6.12.117-cl");
    std::fs::write(&image, bytes).expect("a file");
    let done = Command::new(env!("CARGO_BIN_EXE_cowrace"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"))
        .env("PATH", directory.path())
        .args(["oracle", "--kernel"])
        .arg(&image)
        .arg("plain.race")
        .output()
        .expect("it runs");
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(errors.contains("qemu-system-x86_64") && errors.contains("--host"), "{errors}");
    assert_eq!(done.status.code(), Some(2));
}
