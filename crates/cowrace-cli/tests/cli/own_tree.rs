//! `cowrace eras --from-git` and `--from-list`, on small repositories.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::cowrace;

const SEQCOUNT: &str = "57efa1fe5957694fa541c9062de0a127f0b9acb0";
const CLEAR_REFS: &str = "9348b73c2e1bfea74ccd4a44fb4ccc7276ab9623";

fn git(dir: &Path, args: &[&str]) -> String {
    let done = Command::new("git")
        .arg("-C")
        .arg(dir)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"])
        .args(args)
        .output()
        .expect("git");
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text").trim().to_owned()
}

/// A tree of v5.10 with commits of those messages behind the release, then `Linux 5.10.SUBLEVEL`.
fn tree(sublevel: u16, messages: &[String]) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path();
    git(path, &["init", "-q"]);
    let make = |sublevel: u16| {
        let text = format!("# SPDX\nVERSION = 5\nPATCHLEVEL = 10\nSUBLEVEL = {sublevel}\nEXTRAVERSION =\n");
        std::fs::write(path.join("Makefile"), text).expect("a file");
        git(path, &["add", "Makefile"]);
    };
    make(0);
    git(path, &["commit", "-q", "-m", "Linux 5.10"]);
    for message in messages {
        git(path, &["commit", "-q", "--allow-empty", "-m", message]);
    }
    if sublevel > 0 {
        make(sublevel);
        git(path, &["commit", "-q", "-m", &format!("Linux 5.10.{sublevel}")]);
    }
    dir
}

fn era_of(dir: &Path) -> (String, String) {
    let done = cowrace(&["eras", "--from-git", dir.to_str().expect("a name")]).exits(0);
    (done.out, done.err)
}

#[test]
fn a_tree_is_its_release_and_the_backports_in_its_history() {
    let backports = [
        format!("mm/gup: prevent gup_fast from racing\n\ncommit {SEQCOUNT} upstream.\n\nText."),
        format!("mm: something\n\n[ Upstream commit {CLEAR_REFS} ]\n"),
        "mm: don't put pinned pages into the swap cache".to_owned(),
        "drivers: unrelated".to_owned(),
    ];
    let dir = tree(3, &backports);
    let (file, err) = era_of(dir.path());
    assert_eq!(err, "");
    assert!(file.starts_with("name = \"own-5.10.3\"\nbase = \"v5.10\"\n"), "{file}");
    for id in ["57efa1fe5957", "9348b73c2e1b", "feb889fb40fa"] {
        assert!(file.contains(&format!("  \"{id}\", # ")), "{id}: {file}");
    }
    assert!(!file.contains("Not known") && !file.contains("29a951dfb3c3"), "{file}");
    // What is printed is an era file.
    let path = dir.path().join("own.toml");
    std::fs::write(&path, &file).expect("a file");
    cowrace(&["eras", path.to_str().expect("a name")])
        .exits(0)
        .quiet()
        .prints(&["own-5.10.3", "fork_seq=yes"]);
}

#[test]
fn reverts_are_taken_out() {
    let dir = tree(0, &[format!("x\n\ncommit {SEQCOUNT} upstream.")]);
    git(dir.path(), &["commit", "-q", "--allow-empty", "-m", "y"]);
    let own = git(dir.path(), &["rev-parse", "HEAD~1"]);
    let revert = format!("Revert \"x\"\n\nThis reverts commit {own}.");
    git(dir.path(), &["commit", "-q", "--allow-empty", "-m", &revert]);
    let (file, _) = era_of(dir.path());
    assert!(file.contains("with = [\n]\n"), "{file}");
    // One that the release itself has.
    let gone = "Revert\n\nThis reverts commit 70e806e4e645019102d0e09d4933654fb5fb58ce.";
    git(dir.path(), &["commit", "-q", "--allow-empty", "-m", gone]);
    let (file, _) = era_of(dir.path());
    assert!(file.contains("without = [\n  \"70e806e4e645\", # mm: Do early cow"), "{file}");
}

#[test]
fn what_a_shallow_or_squashed_history_does_not_show_is_not_known() {
    let dir = tree(3, &[format!("x\n\ncommit {SEQCOUNT} upstream.")]);
    let shallow = tempfile::tempdir().expect("a directory");
    let from = format!("file://{}", dir.path().display());
    git(shallow.path(), &["clone", "-q", "--depth", "1", &from, "copy"]);
    let (file, err) = era_of(&shallow.path().join("copy"));
    assert!(err.contains("the history is shallow") && err.contains("not known"), "{err}");
    // The version is known of its stable tree: that is what it began as.
    assert!(file.contains("base = \"v5.10.3\"") && file.contains("# Not known"), "{file}");
    assert!(file.contains("\n# 57efa1fe5957  mm/gup"), "{file}");

    let squashed = tempfile::tempdir().expect("a directory");
    git(squashed.path(), &["init", "-q"]);
    std::fs::copy(dir.path().join("Makefile"), squashed.path().join("Makefile")).expect("a copy");
    git(squashed.path(), &["add", "Makefile"]);
    git(squashed.path(), &["commit", "-q", "-m", "Import of the vendor's tree"]);
    let (file, err) = era_of(squashed.path());
    assert!(err.contains("the history lacks the commit `Linux 5.10`"), "{err}");
    assert!(file.contains("# Not known") && file.contains("without = [\n]\n"), "{file}");
}

#[test]
fn a_list_of_commits_does_as_well() {
    let dir = tempfile::tempdir().expect("a directory");
    let list = dir.path().join("list");
    let text = format!(
        "{SEQCOUNT} mm/gup: prevent\n9348b73 short\n1111111111111111 mm: fix clear_refs_write locking\n\n"
    );
    std::fs::write(&list, text).expect("a file");
    let list = list.to_str().expect("a name");
    let done = cowrace(&["eras", "--from-list", list, "--base", "5.10"]).exits(0);
    done.says(&["the commits that are not in the list"]).prints(&[
        "base = \"v5.10\"",
        "  \"57efa1fe5957\", # ",
        "  \"9348b73c2e1b\", # ",
        "  \"29a951dfb3c3\", # ",
        "# feb889fb40fa  ",
    ]);
    cowrace(&["eras", "--from-list", list]).exits(2).says(&["--base v5.15"]);
    std::fs::write(list, "mm: no id\n").expect("a file");
    cowrace(&["eras", "--from-list", list, "--base", "v5.10"])
        .exits(2)
        .says(&["line 1", "git log --format="]);
}

#[test]
fn what_is_no_kernel_is_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().to_str().expect("a name");
    cowrace(&["eras", "--from-git", path]).exits(2).says(&["`git rev-parse` fails", "not a git repository"]);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["commit", "-q", "--allow-empty", "-m", "nothing"]);
    cowrace(&["eras", "--from-git", path]).exits(2).says(&["no kernel Makefile", "--base v5.15"]);
    cowrace(&["eras", "--from-git", path, "--base", "v5.15"]).exits(0).prints(&["base = \"v5.15\""]);
    cowrace(&["eras", "v5.9", "--from-git", path]).exits(2).says(&["cannot be used with"]);
}
