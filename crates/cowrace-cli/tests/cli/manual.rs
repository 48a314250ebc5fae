//! `cowrace completions` and `cowrace man`.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use cowrace_mm::era::PRESETS;

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

/// What bash offers behind `--era` for the beginning of a word.
fn offered(command: &str, word: &str) -> Option<String> {
    let script = cowrace(&["completions", "bash"]).exits(0).out;
    let asked = format!(
        "COMP_WORDS=(cowrace {command} --era {word}) COMP_CWORD=3\n_cowrace cowrace '{word}' --era\necho \"${{COMPREPLY[@]}}\""
    );
    let done = Command::new("bash").args(["--norc", "-c", &format!("{script}\n{asked}")]).output().ok()?;
    Some(String::from_utf8(done.stdout).expect("text").trim_end().to_owned())
}

/// Where no era begins so, bash goes on with files: the script says `-o default`.
#[test]
fn bash_completes_eras() {
    let Some(of_check) = offered("check", "v6.1") else { return };
    let names = PRESETS.iter().map(|preset| preset.name).filter(|name| name.starts_with("v6.1"));
    assert_eq!(of_check, names.collect::<Vec<_>>().join(" "));
    assert_eq!(offered("hunt", "v5.10").as_deref(), Some("v5.10 v5.10.y"));
    assert_eq!(offered("check", "my").as_deref(), Some(""));
    assert!(cowrace(&["completions", "bash"]).out.contains("-o default cowrace"));
    // The command line takes files as before.
    cowrace(&["check", "plain.race", "--era", "mine.toml"]).exits(0);
}

/// The table of exit codes stands in the page line by line, whatever the width of the terminal.
#[test]
fn exit_codes_are_a_table_in_pages() {
    let place = tempfile::tempdir().expect("a directory");
    cowrace(&["man", &place.path().display().to_string()]).exits(0).quiet();
    let page = fs::read_to_string(place.path().join("cowrace-check.1")).expect("a page");
    let table = page.split(".SH \"EXIT STATUS\"\n.nf\n").nth(1).and_then(|rest| rest.split("\n.fi\n").next());
    let table = table.expect("it is not filled").replace("\\-", "-");
    let help = cowrace(&["check", "--help"]).out;
    assert!(help.contains(&table), "{table}");
    assert!(table.ends_with("\nIf several apply: 14, then 10, 11, 13, 12."), "{table}");
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
