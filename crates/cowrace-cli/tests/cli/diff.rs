//! `cowrace diff`.

use serde_json::{Value, json};

use crate::{Done, cowrace};

/// All that the fixtures can come to.
const FILES: [&str; 4] = ["lost.race", "plain.race", "silent.race", "vacuous.race"];

fn diff(from: &str, to: &str, args: &[&str]) -> Done {
    cowrace(&[&["diff", from, to], &FILES[..], args].concat())
}

/// Objects without what changes with every edit of the model.
fn stable(objects: &[Value]) -> Vec<Value> {
    let mut objects = objects.to_vec();
    for unreached in
        objects.iter_mut().filter_map(|object| object.get_mut("unreached")?.as_array_mut()).flatten()
    {
        unreached["lines"] = json!("N");
    }
    objects
}

#[test]
fn what_is_broken_is_told_with_what_breaks_it() {
    let done = diff("v5.8", "v5.9", &[]).exits(10).quiet();
    let told: Vec<&str> = done.out.lines().take_while(|line| !line.contains(" of the model ")).collect();
    insta::assert_snapshot!(told.join("\n"));
    done.prints(&[
        "lines of the model can be reached only under v5.9; no scenario reached ",
        "  copy_present_page (crates/mm/src/fork.rs): line",
        "v5.8 to v5.9: 3 broken, 0 mended, 0 otherwise different; ",
    ]);
}

#[test]
fn what_is_mended_is_no_failure() {
    let done = diff("v5.12", "v6.1", &[]).exits(0).quiet();
    done.prints(&[
        "newly mended",
        "6c287605fd56\n",
        "v5.12 to v6.1: 0 broken, 3 mended, 0 otherwise different; ",
    ]);
}

#[test]
fn json_is_an_object_for_each_difference_and_one_for_the_lines() {
    let done = diff("v5.8", "v5.9", &["--format", "json", "--jobs", "1"]).exits(10).quiet();
    let objects = done.objects();
    assert_eq!(objects, diff("v5.8", "v5.9", &["--format", "json", "--jobs", "3"]).objects());
    let lost = objects.iter().find(|object| object["scenario"] == "lost").expect("it is broken");
    assert_eq!(lost["change"], "broken");
    assert_eq!(lost["sets"], json!([["--with 09854ba94c6a"]]));
    assert_eq!((&lost["from"], &lost["to"]), (&json!("v5.8"), &json!("v5.9")));
    assert_eq!((&lost["before"]["verdict"], &lost["after"]["class"]), (&json!("holds"), &json!("lost-read")));
    assert!(
        lost["after"]["costs"]["copies"]["most"].as_u64()
            >= lost["before"]["costs"]["copies"]["most"].as_u64()
    );
    let lines = objects.last().expect("the lines come last");
    assert_eq!(lines["toggles"].as_array().map(Vec::len), Some(7));
    let all = lines["lines"].as_u64().expect("a number");
    let unreached = lines["unreached"].as_array().expect("all searches came to their end").iter();
    let missing: usize = unreached.map(|function| function["lines"].as_array().expect("lines").len()).sum();
    assert!(0 < missing && (missing as u64) < all, "{missing} of {all}");
    assert!(stable(&objects).iter().all(|object| object["scenario"] != "plain"));
}

#[test]
fn toggles_make_the_second_kernel() {
    let done = diff("v6.12", "v6.12", &["--set", "wp_reuse=count", "--without", "a7e689dd1c06"]);
    done.prints(&[
        "v6.12 to v6.12 --without a7e689dd1c06 --set wp_reuse=count: the removal of a7e689dd1c06 and\n  wp_reuse=count\n",
    ]);
    // With one toggle there is no need to say what makes a change.
    let done = diff("v5.9", "mine.toml", &[]).exits(0).quiet();
    done.prints(&["v5.9 to mine: the removal of 09854ba94c6a\n", "newly mended  v5.9       mine\n"]);
}

#[test]
fn kernels_that_differ_in_nothing_differ_in_no_line() {
    let done = diff("v5.9", "v5.10", &["--without", "ff1712f953e2"]).exits(0).quiet();
    done.prints(&[
        "v5.9 to v5.10 --without ff1712f953e2: nothing but the name\n",
        "no line of the model can be reached only under v5.10 --without ff1712f953e2\n",
    ]);
}

#[test]
fn what_a_limit_has_hidden_is_not_claimed() {
    let done = diff("v5.8", "v5.9", &["--max-executions", "3", "--jobs", "1"]).exits(12);
    done.prints(&["not known", "it is not known which of them no scenario reached", "0 broken, 0 mended"]);
}

#[test]
fn wrong_input_is_refused() {
    cowrace(&["diff", "v5.9", "v5.12"]).exits(2).says(&["PATHS"]);
    cowrace(&["diff", "v5.9", "v5.9", "lost.race"])
        .exits(2)
        .says(&["compared with itself", "--without COMMIT"]);
    cowrace(&["diff", "v5.9", "v5.99", "lost.race"]).exits(2).says(&["no era `v5.99`", "did you mean"]);
    cowrace(&["diff", "v5.9", "v5.9", "lost.race", "--with", "09854ba94c6a"])
        .exits(2)
        .says(&["`v5.9` has commit"]);
    cowrace(&["diff", "v5.9", "v5.12", "lost.race", "--era", "v5.9"]).exits(2).says(&["--era"]);
    cowrace(&["diff", "v5.9", "v5.12", "nowhere.race"]).exits(3).says(&["cannot read"]);
}
