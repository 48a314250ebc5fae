//! `cowrace eras`, and eras on the command line.

use cowrace_mm::era::{COMMITS, PRESETS, Rules, Safeguard};

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
    assert_eq!(count("safeguard"), Safeguard::ALL.len());
    for safeguard in Safeguard::ALL {
        let (key, value) = safeguard.toggle();
        assert!(done.out.contains(&format!("\n  {key}={value} ")), "{key}");
    }
}

#[test]
fn an_era_is_listed_with_its_commits_and_rules() {
    let done = cowrace(&["eras", "v5.9"]).exits(0).quiet();
    for commit in COMMITS {
        assert!(done.out.contains(&format!("  {:<12}  ", commit.id)), "{}", commit.id);
        assert!(done.out.contains(commit.title) && done.out.contains(commit.about), "{}", commit.id);
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
    check(&["--without", "57efa1fe595x"]).says(&["7 to 40 hexadecimal digits", "`57efa1fe5957`"]);
    check(&["--set", "wp_reuze=count"]).says(&["no rule `wp_reuze`", "`wp_reuse`"]);
    check(&["--set", "wp_reuse=mapcont"]).says(&["no value `mapcont`", "`mapcount`"]);
    check(&["--set", "wp_reuse"]).says(&["KEY=VALUE"]);
    check(&["--era", "v5.9", "--with", "09854ba94c6a"]).says(&["era `v5.9` has commit 09854ba94c6a already"]);
    cowrace(&["eras", "v5.99"]).exits(2).says(&["`v5.9`"]);
    cowrace(&["replay", "plain.race", "--era", "v5.99", "--as-written"]).exits(2).says(&["`v5.9`"]);
}

/// Inputs of the field test, and their kind, at every place that takes the id of a commit.
#[test]
fn an_id_is_read_whole_or_is_an_error() {
    let wrong = [
        "6c287605fd56garbage",
        "6c287605fd56 a7f226604170",
        "6c287605fd56;a7f226604170",
        "6c2876",
        "6c287605fd56c8d9ecb0d2b9d3b9b9c5d0a5e1f2a7f226604170",
        "0x6c287605fd56",
        "6c287605fd56^",
        "-6c287605fd56",
        "",
    ];
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a name").to_owned()
    };
    for id in wrong {
        cowrace(&["check", "plain.race", "--era", "v5.18", &format!("--with={id}")]).exits(2);
        cowrace(&["matrix", "plain.race", "--era", "v5.19", &format!("--without={id}")]).exits(2);
        cowrace(&["diff", "v5.18", "v5.18", &format!("--with={id}"), "plain.race"]).exits(2);
        let own = file("own.toml", &format!("name = 'own'\nbase = 'v5.18'\nwith = ['{id}']\n"));
        cowrace(&["check", "plain.race", "--era", &own]).exits(2);
        if !id.is_empty() && !id.starts_with('-') {
            cowrace(&["eras", id]).exits(2);
        }
    }
    // A list in one string is no id.
    let both = "6c287605fd56,a7f226604170";
    let own = file("list.toml", &format!("name = 'own'\nbase = 'v5.18'\nwith = ['{both}']\n"));
    cowrace(&["check", "plain.race", "--era", &own]).exits(2).says(&["not the id of one commit"]);
    let expecting = |id: &str| {
        let text = format!(
            "race x\nmm A {{ buf: anon }}\n\nt @A\n=====\nbuf[0] = 1\n\nalways A.buf[0] == 1 else lost-write\nexpect v5.18 with {id} holds\n"
        );
        file("x.race", &text)
    };
    for id in wrong.into_iter().filter(|id| !id.is_empty()).chain([both]) {
        cowrace(&["check", &expecting(id), "--era", "v5.18"]).exits(3);
    }
    for id in ["6c287605fd56", "6c28760", "6C287605FD56", "6c287605fd56c8d9ecb0d2b9d3b9b9c5d0a5e1f2"] {
        cowrace(&["check", &expecting(id), "--era", "v5.18", "--with", id, "--format", "json"]).exits(0);
    }
}

#[test]
fn toggles_that_contradict_each_other_are_refused() {
    let refused = |toggles: &[&str], says: &str| {
        cowrace(&[&["check", "plain.race", "--era", "v6.12"], toggles].concat()).exits(2).says(&[says]);
    };
    refused(&["--with", "57efa1fe5957", "--without", "57efa1fe5"], "commit 57efa1fe5957 is named twice");
    refused(&["--set", "wp_reuse=count,wp_reuse=mapcount"], "rule `wp_reuse` is set twice");
}

#[test]
fn toggles_are_lists() {
    let label = |args: &[&str]| {
        let done = cowrace(&[&["check", "plain.race", "--era", "v5.18", "--format", "json"], args].concat());
        done.objects()[0]["era"].as_str().expect("an era").to_owned()
    };
    let due = "v5.18 --with 6c287605fd56 --with a7f226604170";
    assert_eq!(label(&["--with", "6c287605fd56,a7f226604170"]), due);
    assert_eq!(label(&["--with", "6c287605fd56", "--with", "a7f226604170"]), due);
    let set = label(&["--set", "wp_reuse=count,fork_flush=none"]);
    assert_eq!(set, "v5.18 --set wp_reuse=count --set fork_flush=none");
}

#[test]
fn releases_and_stable_versions_are_eras() {
    let check = |era: &str| cowrace(&["check", "plain.race", "--era", era, "--format", "json"]).exits(0);
    for (era, name, words) in [
        ("v6.1", "v6.1", ""),
        ("6.1", "v6.1", ""),
        ("6.3", "v6.3", "note: v6.3 is v6.2 --with 931298e103c2"),
        ("v5.10.262", "v5.10.262", "note: v5.10.262 is v5.10 --with 57efa1fe5957 --with 29a951dfb3c3"),
        ("6.1.192", "v6.1.192", "note: v6.1.192 is v6.1 --with dd47ac428c3f --with d824ec2a1546"),
        ("5.10.999", "v5.10.999", "are known up to v5.10.262"),
    ] {
        let done = check(era);
        assert_eq!(done.objects()[0]["era"], name);
        if words.is_empty() {
            done.quiet();
        } else {
            done.says(&[words]);
        }
    }
    let not = |era: &str| cowrace(&["check", "plain.race", "--era", era]).exits(2);
    not("v7.2.12").says(&["v7.2.12 is not known", "newer than", "the nearest era is `v6."]);
    not("v6.4.2").says(&[
        "v6.4.2 is not known",
        "only that of long-term branches",
        "the nearest era is `v6.4`",
    ]);
    not("v4.19").says(&["v4.19 is not known", "the nearest era is `v5."]);
    // A release that is made of the same as a preset is judged as it is.
    let done = cowrace(&["eras", "5.10.262"]).exits(0);
    done.says(&["note: v5.10.262 is"]).prints(&["57efa1fe5957", "clear_refs_flush=explicit"]);
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("own.toml");
    std::fs::write(&path, "name = 'own'\nbase = '5.10.262'\nset = { wp_reuse = 'mapcount' }\n")
        .expect("a file");
    cowrace(&["eras", path.to_str().expect("a name")]).exits(0).prints(&["wp_reuse=mapcount"]);
}

#[test]
fn a_commit_is_told_with_what_it_sets_and_who_has_it() {
    let done = cowrace(&["eras", "6c287605fd56"]).exits(0).quiet();
    assert!(done.out.starts_with("6c287605fd56  mm: remember exclusively mapped"), "{}", done.out);
    done.prints(&[
        "landed in v5.19",
        "sets wp_reuse=anon-exclusive; without it, v5.19 has wp_reuse=count",
        "eras that have it: v5.19..v6.",
        "v5.10.y: not in v5.10.262",
    ]);
    cowrace(&["eras", "57efa1fe5957"]).exits(0).prints(&["v5.10.y: since v5.10.4"]);
    let object = &cowrace(&["eras", "09854ba", "--format", "json"]).exits(0).objects()[0];
    assert_eq!((&object["kind"], &object["id"]), (&"commit".into(), &"09854ba94c6a".into()));
    assert_eq!(object["rules_in"], "v5.9-rc5");
    for commit in COMMITS {
        cowrace(&["eras", commit.id]).exits(0).quiet().prints(&[commit.title]);
    }
}

#[test]
fn a_rule_is_told_with_its_values_and_the_commits_that_set_it() {
    for name in ["wp_reuse", "wp_reuse=count"] {
        let done = cowrace(&["eras", name]).exits(0).quiet();
        done.prints(&[
            "wp_reuse  When a write fault",
            "wp_reuse=mapswap  ",
            "v5.9-rc5..v5.18, v5.10.y",
            "09854ba94c6a",
        ]);
    }
    for (key, values) in Rules::keys() {
        let object = &cowrace(&["eras", key, "--format", "json"]).exits(0).objects()[0];
        assert_eq!(object["values"].as_array().map(Vec::len), Some(values.len()), "{key}");
    }
    cowrace(&["eras", "zap_flush"]).exits(0).prints(&["zap_flush=none  takes out a flush"]);
    cowrace(&["eras", "wp_reuze"]).exits(2).says(&["no era, commit or rule `wp_reuze`", "`wp_reuse`"]);
    cowrace(&["eras", "6c287605fd57"]).exits(2).says(&["`6c287605fd56`"]);
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
        ("name = ", "cannot be parsed"),
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

/// A call that a kernel does not have is no `holds`.
#[test]
fn what_a_kernel_does_not_have_is_not_applicable() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = |expect: &str| {
        let text = format!(
            "race wp\nmm A {{ buf: anon }}\n\nt @A\n==========================\nUFFDIO_WRITEPROTECT(buf, 0)\nbuf[0] = 1\n\nalways A.buf[0] == 1 else lost-write\n{expect}\n"
        );
        let path = dir.path().join("wp.race");
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a name").to_owned()
    };
    let check = |expect: &str, exit| {
        let done = cowrace(&["check", &file(expect), "--era", "v5.4", "--format", "json"]).exits(exit);
        let object = done.objects().remove(0);
        assert_eq!(
            (&object["verdict"], &object["class"]),
            (&"not-applicable".into(), &serde_json::Value::Null)
        );
        assert_eq!(object["detail"], "UFFDIO_WRITEPROTECT came with v5.7 (ffd05793963a)");
        (object["expected"].clone(), object["as_expected"].clone())
    };
    assert_eq!(check("", 0), (serde_json::Value::Null, true.into()));
    assert_eq!(check("expect else holds", 0), (serde_json::Value::Null, true.into()));
    assert_eq!(check("expect v5.4 not-applicable; else holds", 0), ("not-applicable".into(), true.into()));
    assert_eq!(check("expect v5.4..v5.7 holds", 12), ("holds".into(), false.into()));
    assert_eq!(check("expect v5.4 lost-write", 11), ("lost-write".into(), false.into()));
    // Expected of a kernel that has it, it is an error of the file.
    let path = file("expect v5.7 not-applicable");
    cowrace(&["check", &path, "--era", "v5.7"]).exits(11);
    // A cell of its own, shared with nobody, and no execution.
    let path = file("expect else holds");
    let done = cowrace(&["matrix", &path, "--era", "v5.7", "--era", "v5.4", "--era", "v5.4.214"]).exits(0);
    done.prints(&["not-applicable", "the kernel lacks a call"]);
    let args = [path.as_str(), "--era", "v5.4"];
    cowrace(&[&["replay"], &args[..], &["--as-written"]].concat()).exits(12).says(&["came with v5.7"]);
    cowrace(&[&["check", "--engine", "shuttle"], &args[..]].concat()).exits(0);
    cowrace(&["diff", "v5.4", "v5.7", &path]).exits(0);
    // What user space cannot call toggles do not bring.
    cowrace(&[&["check", "--with", "3faa52c03f44", "--format", "json"], &args[..]].concat())
        .exits(0)
        .prints(&["not-applicable"]);
}
