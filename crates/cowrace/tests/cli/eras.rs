//! `cowrace eras`, and eras on the command line.

use cowrace::mm::era::{COMMITS, Ordering, PRESETS, Rules};

use crate::cowrace;

#[test]
fn every_era_and_rule_is_listed() {
    let done = cowrace(&["eras"]).exits(0).quiet();
    for preset in PRESETS {
        let line = done.out.lines().find(|l| l.split(' ').next() == Some(preset.name)).expect(preset.name);
        assert!(line.ends_with(preset.about), "{line}");
    }
    for (key, values) in Rules::keys() {
        assert!(done.out.contains(&format!("  {key}={}\n", values.join("|"))), "{key}");
    }
    let objects = cowrace(&["eras", "--format", "json"]).exits(0).objects();
    let count = |kind| objects.iter().filter(|o| o["kind"] == kind).count();
    assert_eq!((count("era"), count("rule")), (PRESETS.len(), Rules::keys().len()));
    assert_eq!(count("ordering"), Ordering::ALL.len());
    for ordering in Ordering::ALL {
        let (key, value) = ordering.toggle();
        assert!(done.out.contains(&format!("\n  {key}={value} ")), "{key}");
    }
}

#[test]
fn an_era_is_listed_with_its_commits_and_rules() {
    let done = cowrace(&["eras", "v5.9"]).exits(0).quiet();
    for commit in COMMITS {
        assert!(done.out.contains(&format!("  {:<12}  ", commit.id)), "{}", commit.id);
        assert!(done.out.contains(commit.title) && done.out.contains(commit.closes), "{}", commit.id);
    }
    let (has, lacks) = done.out.split_once("\nnot in it, for --with:\n").expect("two lists");
    assert!(has.contains("09854ba94c6a") && !has.contains("57efa1fe5957"));
    assert!(lacks.contains("57efa1fe5957") && lacks.contains("\nrules:\n  wp_reuse=count\n"));
    let object = &cowrace(&["eras", "v5.9", "--format", "json"]).exits(0).objects()[0];
    assert_eq!(object["rules"]["wp_reuse"], "count");
    let commits = object["commits"].as_array().expect("commits");
    assert!(
        commits.iter().all(|c| c["id"].is_string() && c["effect"].is_string() && c["provenance"].is_string())
    );
}

#[test]
fn an_era_file_is_listed_like_a_preset() {
    let done = cowrace(&["eras", "mine.toml"]).exits(0).quiet();
    assert!(
        done.out.starts_with("mine\n") && done.out.contains("\nnot in it, for --with:\n  09854ba94c6a"),
        "{}",
        done.out
    );
}

#[test]
fn what_does_not_exist_gets_suggestions() {
    let check = |args: &[&str]| cowrace(&[&["check", "plain.race"], args].concat()).exits(2);
    check(&["--era", "v5.99"]).says(&["no era `v5.99`", "did you mean `v5.9`"]);
    check(&["--era", "aa-cow"]).says(&["`aa-cor`"]);
    check(&["--era", "none.toml"]).says(&["cannot read the era file `none.toml`"]);
    check(&["--with", "57efa1fe5958"]).says(&["no commit `57efa1fe5958`", "`57efa1fe5957`"]);
    check(&["--without", "57efa1fe595x"]).says(&["`57efa1fe5957`"]);
    check(&["--set", "wp_reuze=count"]).says(&["no rule `wp_reuze`", "`wp_reuse`"]);
    check(&["--set", "wp_reuse=mapcont"]).says(&["no value `mapcont`", "`mapcount`"]);
    check(&["--set", "wp_reuse"]).says(&["KEY=VALUE"]);
    check(&["--era", "v5.9", "--with", "09854ba94c6a"]).says(&["era `v5.9` has commit 09854ba94c6a already"]);
    cowrace(&["eras", "v5.99"]).exits(2).says(&["`v5.9`"]);
    cowrace(&["replay", "plain.race", "--era", "v5.99", "--as-written"]).exits(2).says(&["`v5.9`"]);
}

#[test]
fn era_files_are_read_strictly() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("own.toml");
    let path = path.to_str().expect("a name");
    for (text, words) in [
        ("name = 'own'\nbase = 'v5.9'\ncolour = 'red'\n", "unknown field `colour`"),
        ("name = 'own'\nbase = 'v5.99'\n", "no era `v5.99`"),
        ("name = 'own'\nbase = 'v5.9'\nwith = ['09854ba94c6a']\n", "has commit 09854ba94c6a already"),
        ("name = ", "cannot be understood"),
    ] {
        std::fs::write(path, text).expect("a file");
        cowrace(&["check", "plain.race", "--era", path]).exits(2).says(&[words]);
    }
    std::fs::write(path, [0xff, 0xfe, 0x00]).expect("a file");
    cowrace(&["check", "plain.race", "--era", path]).exits(2).says(&["cannot read the era file"]);
}

#[test]
fn what_is_not_there_says_what_is() {
    let check = |args: &[&str]| cowrace(&[&["check", "plain.race"], args].concat()).exits(2);
    check(&["--engine", "spin"]).says(&["explore, loom, shuttle, all"]);
    check(&["--memory", "lkmm"]).says(&["sc, c11"]);
    check(&["--arch", "vax"]).says(&["x86", "arm64"]);
    cowrace(&["check", "plain.race", "--era", "v5.9", "--engine", "explore", "--memory", "sc"]).exits(0);
}
