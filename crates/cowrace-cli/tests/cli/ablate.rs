//! `cowrace ablate`.

use serde_json::Value;

use crate::cowrace;

/// One scenario that needs much, and one that needs little.
const FILES: [&str; 2] = ["lost.race", "plain.race"];

fn ablate(args: &[&str]) -> crate::Done {
    cowrace(&[&["ablate"], &FILES[..], args].concat())
}

fn part<'o>(objects: &'o [Value], toggle: &str) -> &'o Value {
    objects.iter().find(|object| object["toggle"] == toggle).expect("such a part")
}

#[test]
fn a_kernel_is_taken_apart() {
    let done = ablate(&["--era", "v6.1"]).exits(0).quiet();
    insta::assert_snapshot!(done.stable());
}

#[test]
fn json_has_a_part_a_line() {
    let objects = ablate(&["--era", "v6.1", "--format", "json"]).exits(0).quiet().objects();
    let exclusive = part(&objects, "--without 6c287605fd56");
    assert_eq!((&exclusive["kind"], &exclusive["need"]), (&"commit".into(), &"needed".into()));
    assert_eq!((&exclusive["reason"], &exclusive["function"]), (&Value::Null, &Value::Null));
    assert_eq!(exclusive["changes"][0]["scenario"], "lost");
    assert_eq!(exclusive["changes"][0]["change"], "broken");
    assert_eq!(exclusive["changes"][0]["before"]["verdict"], "holds");
    assert_eq!(exclusive["changes"][0]["after"]["class"], "lost-read");
    let flush = part(&objects, "--set wp_copy_flush=none");
    assert_eq!((&flush["kind"], &flush["function"]), (&"flush".into(), &"wp_page_copy".into()));
    let barrier = part(&objects, "--set pin_steps=two");
    assert_eq!((&barrier["kind"], &barrier["need"]), (&"barrier".into(), &"unjustified".into()));
    for object in &objects {
        assert_eq!((&object["era"], &object["searches"]), (&"v6.1".into(), &2.into()));
        assert_eq!(object["need"] == "unjustified", object["reason"].is_string(), "{object}");
    }
}

/// What is said of a part is what `check` says of the kernel without it.
#[test]
fn each_part_can_be_taken_out_by_hand() {
    let objects = ablate(&["--era", "v6.1", "--format", "json"]).exits(0).objects();
    let flush = part(&objects, "--without 6c287605fd56");
    let toggle: Vec<&str> = flush["toggle"].as_str().expect("text").split(' ').collect();
    let check = [&["check"], &FILES[..], &["--era", "v6.1", "--format", "json"], &toggle[..]].concat();
    let reports = cowrace(&check).objects();
    assert_eq!(reports[0]["class"], flush["changes"][0]["after"]["class"]);
    assert_eq!(reports[1]["verdict"], "holds");
    let set = |value: &str| cowrace(&["check", "plain.race", "--era", "v6.1", "--set", value]);
    set("wp_copy_flush=none").exits(0).prints(&["era v6.1 --set wp_copy_flush=none"]);
    set("wp_copy_flush=kept").exits(0);
    set("wp_copy_flush=gone").exits(2).says(&["it takes kept, none"]);
    set("wp_copy_flsh=none").exits(2).says(&["did you mean `wp_copy_flush`"]);
}

#[test]
fn what_has_been_taken_out_is_no_part_any_more() {
    let toggles = ["--era", "v6.1", "--without", "6c287605fd56", "--set", "zap_flush=none"];
    let done = ablate(&toggles).exits(0).quiet();
    let label = "v6.1 --without 6c287605fd56 --set zap_flush=none";
    assert!(done.out.contains(&format!("\n{label}: 2 runs: ")), "{}", done.out);
    assert!(
        !done.out.contains("\n  --without 6c287605fd56") && !done.out.contains("\n  --set zap_flush=none")
    );
}

#[test]
fn what_an_architecture_has_is_a_part_there() {
    ablate(&["--era", "v6.1", "--arch", "x86"]).exits(0).prints(&["--set flush_ipi=none"]);
    assert!(!ablate(&["--era", "v6.1"]).exits(0).out.contains("flush_ipi"));
}

#[test]
fn a_search_that_a_limit_ends_justifies_nothing() {
    let args = ["--era", "v6.1", "--max-executions", "1", "--jobs", "1"];
    let done = ablate(&args).exits(12).prints(&["not answered: a limit ended searches:", "NOT ANSWERED"]);
    assert!(done.out.contains("no answer: lost (bounded)"), "{}", done.out);
    assert!(!done.out.contains("none fails without it"), "{}", done.out);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let told = |jobs| ablate(&["--era", "v5.11", "--jobs", jobs]).exits(0).quiet().out;
    assert_eq!(told("1"), told("3"));
}

#[test]
fn one_kernel_is_taken_apart() {
    for args in [&[][..], &["--era", "v5.9", "--era", "v6.1"]] {
        ablate(args).exits(2).says(&["takes one kernel apart", "--era v6.12"]);
    }
    ablate(&["--era", "v5.99"]).exits(2).says(&["no era `v5.99`", "did you mean"]);
    ablate(&["--era", "mine.toml"]).exits(0).prints(&["\nmine: 2 runs: "]);
    cowrace(&["ablate", "--era", "v5.9"]).exits(2).says(&["PATHS"]);
    cowrace(&["ablate", "--era", "v5.9", "typo.race"]).exits(3).says(&["typo.race"]);
}
