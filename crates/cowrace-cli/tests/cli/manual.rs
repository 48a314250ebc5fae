//! `cowrace completions` and `cowrace man`.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::cowrace;

#[test]
fn each_shell_has_a_script() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        cowrace(&["completions", shell]).exits(0).quiet().prints(&["cowrace", "real-kernels", "baseline"]);
    }
    cowrace(&["completions", "csh"]).exits(2).says(&["possible values: bash, elvish, fish, powershell, zsh"]);
}

/// What is printed has passed through what makes text harmless.
#[test]
fn bash_can_read_its_script() {
    let script = cowrace(&["completions", "bash"]).exits(0).out;
    let bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn();
    let Ok(mut bash) = bash else { return };
    bash.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("it reads");
    assert!(bash.wait().expect("it ends").success());
}

#[test]
fn each_command_has_a_page() {
    let place = tempfile::tempdir().expect("a directory");
    let path = place.path().display().to_string();
    cowrace(&["man", &path]).exits(0).quiet();
    let page = |name: &str| fs::read_to_string(place.path().join(name)).expect("a page");
    assert!(page("cowrace.1").contains("cowrace\\-check(1)"));
    let check = page("cowrace-check.1");
    assert!(check.contains(".TH cowrace-check 1") && check.contains("\\-\\-baseline"), "{check}");
    let help = cowrace(&["help"]).out;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    let names = commands.filter_map(|line| line.split_whitespace().next());
    for command in names.filter(|&command| command != "help") {
        assert!(!page(&format!("cowrace-{command}.1")).is_empty());
    }
    let missing = format!("{path}/none");
    cowrace(&["man", &missing]).exits(2).says(&["is not a directory", "mkdir -p"]);
}
