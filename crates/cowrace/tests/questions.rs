//! The facade: what can be asked, and what comes of a question that makes no sense.

use std::error::Error as _;
use std::panic::catch_unwind;

use cowrace::{Class, Kernel, Scenario, ScenarioBuilder, Verdict, check, check_file};

const LEAK: &str = "\
race leak
mm A { buf: anon }
mm C = fork(A)

parent @A   child @C
==========  ====================
            p = vmsplice(buf)
            munmap(buf)
=== all ===
buf[0] = 1
=== all ===
            s = pipe_read(p[0])

always s == 0 else leak
expect v5.4..v5.7, aa-revert leak; else holds
";

fn leak() -> ScenarioBuilder {
    Scenario::builder("leak")
        .memory("A", ["buf: anon"])
        .forked("C", "A")
        .column("parent", "A")
        .column("child", "C")
        .cell("child", "p = vmsplice(buf)")
        .cell("child", "munmap(buf)")
        .barrier()
        .cell("parent", "buf[0] = 1")
        .barrier()
        .cell("child", "s = pipe_read(p[0])")
        .promise("always s == 0 else leak")
}

#[test]
fn what_is_built_is_what_is_read() {
    let built = leak().promise("expect v5.4..v5.7, aa-revert leak; else holds").build().expect("it is right");
    assert_eq!(built, Scenario::parse(LEAK).expect("it is right"));
    let again = Scenario::parse(&built.to_string()).expect("what is printed is read");
    assert_eq!(again, built);
}

#[test]
fn a_question_has_a_verdict() {
    let report = check(LEAK).kernel("v5.7").run().expect("an answer");
    assert_eq!((report.verdict(), report.class()), (Verdict::Violated, Some(Class::Leak)));
    assert!(report.is_expected() && report.executions() > 0);
    let report = check(LEAK).kernel("v6.12").assert_holds();
    assert!(report.explain().expect("nothing goes wrong").is_none());
    check(LEAK).kernel("v5.7").assert_violated(Class::Leak);
    Kernel::presets().for_each(|kernel| {
        check(LEAK).kernel(kernel).assert_expected();
    });
}

#[test]
fn toggles_may_come_before_the_kernel_and_after() {
    let label = |report: cowrace::Report| report.data().era.clone();
    let before = check(LEAK).without("09854ba94c6a").kernel("v5.9").run().map(label);
    let after = check(LEAK).kernel("v5.9").without("09854ba94c6a").run().map(label);
    let within = check(LEAK).kernel(Kernel::new("v5.9").without("09854ba94c6a")).run().map(label);
    let due = "v5.9 --without 09854ba94c6a";
    assert_eq!([before, after, within].map(|label| label.expect("an answer")), [due; 3]);
}

#[test]
fn a_limit_is_no_proof() {
    let limited =
        || check_file("../../scenarios/clear-refs-vs-pinfast.race").kernel("v6.12").max_executions(1);
    assert_eq!(limited().run().expect("an answer").verdict(), Verdict::Bounded);
    assert!(catch_unwind(|| limited().assert_holds()).is_err());
}

#[test]
fn a_failure_says_what_was_due_and_shows_what_is() {
    let panic = catch_unwind(|| check(LEAK).kernel("v5.7").assert_holds()).expect_err("it is violated");
    let text = panic.downcast_ref::<String>().expect("a message");
    for words in [
        "`leak` was to hold under v5.7",
        "VIOLATED leak",
        "parent @A",
        "leak (missed CoW): ",
        "With the scenario in the file leak.race:\ncowrace replay leak.race --era v5.7 --schedule 1:",
    ] {
        assert!(text.contains(words), "no `{words}` in:\n{text}");
    }
}

#[test]
fn what_makes_no_sense_is_told_by_kind() {
    let error = check(LEAK).run().expect_err("no kernel");
    assert!(error.is_kernel() && error.to_string().contains(".kernel("), "{error}");
    let error = check(LEAK).kernel("v9.99").run().expect_err("no such kernel");
    assert!(error.is_kernel() && error.source().is_some(), "{error}");
    let error = check(LEAK).kernel("v6.12").with("57efa1fe5957").run().expect_err("it has it");
    assert!(error.is_kernel() && error.to_string().contains("already"), "{error}");
    let error = check("race x\nmm A {").kernel("v6.12").run().expect_err("no scenario");
    assert!(error.is_scenario() && error.to_string().contains("scenario:"), "{error}");
    let error = check(LEAK).kernel("v6.12").variant("fast").run().expect_err("no variants");
    assert!(error.is_variant() && error.to_string().contains("it has no variants"), "{error}");
    let error = check_file("nowhere.race").kernel("v6.12").run().expect_err("no file");
    assert!(error.is_file() && error.source().is_some(), "{error}");
    let error = check_file("../../scenarios").kernel("v6.12").run().expect_err("many files");
    assert!(error.is_file() && error.to_string().contains("name one file"), "{error}");
}

#[test]
fn variants_must_be_named() {
    let text = "race two\nmm A { buf: $kind }\nvariant a { $kind = anon }\nvariant b { $kind = zero }\n\nt @A\n====\n\
                r = buf[0]\n\nalways r == 0\n";
    assert_eq!(Scenario::parse(text).expect("it is right").variants().collect::<Vec<_>>(), ["a", "b"]);
    let error = check(text).kernel("v6.12").run().expect_err("which?");
    assert!(error.is_variant() && error.to_string().contains("a, b"), "{error}");
    check(text).kernel("v6.12").variant("b").assert_holds();
}

/// What is given to a builder is text of the language, and cannot break out of its line.
#[test]
fn a_builder_makes_one_line_of_each_thing() {
    let error = leak().cell("parent", "buf[0] = 1\n\nnever s == 0").build().expect_err("no such cell");
    assert!(error.is_scenario(), "{error}");
    let error = leak().cell("nobody", "buf[0] = 1").build().expect_err("the column has no mm");
    assert!(error.is_scenario() && error.to_string().contains("nobody"), "{error}");
    let error = Scenario::builder("empty").build().expect_err("nothing is there");
    assert!(error.is_scenario(), "{error}");
}
