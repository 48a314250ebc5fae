//! Schedules survive their text form, and nothing else is read as one.

use std::fs;

use cowrace_report::{ParseScheduleError, Schedule, Turn};
use cowrace_testkit::properties::schedule as properties;
use cowrace_testkit::repository;
use proptest::prelude::*;

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let actor = prop_oneof![3 => 0..16_u8, 1 => any::<u8>()];
    let choice = prop_oneof![3 => 0..5_u32, 1 => any::<u32>()];
    let turn = (actor, prop::option::of(choice)).prop_map(|(actor, choice)| Turn { actor, choice });
    // Runs, as executions have them.
    let length = prop_oneof![8 => 1..9_usize, 1 => 1000..2000_usize];
    prop::collection::vec((turn, length), 0..40)
        .prop_map(|runs| runs.into_iter().flat_map(|(turn, n)| std::iter::repeat_n(turn, n)).collect())
}

proptest! {
    #[test]
    fn text_round_trips(fingerprint in any::<u32>(), turns in turns()) {
        let schedule = Schedule { fingerprint, turns };
        prop_assert_eq!(properties::reads(&schedule.to_string()), Some(schedule));
    }

    #[test]
    fn any_text(text in "(.|\n){0,200}") {
        properties::reads(&text);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        properties::reads(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_text_that_looks_like_one(text in "[1 ]{1,2}:[0-9a-fA-F+]{7,9}:[-0-9.*=+ ]{0,60}") {
        properties::reads(&text);
    }

    #[test]
    fn any_steps(steps in prop::collection::vec("[0-9]{1,3}([*=][0-9]{1,6})?", 0..20)) {
        properties::reads(&format!("1:00c0ffee:{}", steps.join(".")));
    }
}

/// Fuzzing begins with these.
#[test]
fn the_seeds_of_fuzzing() {
    let directory = repository("fuzz/seeds/schedule");
    let mut read = 0;
    for entry in fs::read_dir(directory).expect("the seeds are there") {
        let bytes = fs::read(entry.expect("a seed").path()).expect("a file");
        read += usize::from(properties::reads(&String::from_utf8_lossy(&bytes)).is_some());
    }
    assert!(read >= 3, "{read} of the seeds are schedules");
}

#[test]
fn runs_are_counted() {
    let turn = |actor, choice| Turn { actor, choice };
    let turns = vec![turn(0, None), turn(0, None), turn(1, Some(3)), turn(2, None)];
    let schedule = Schedule { fingerprint: 0xbeef, turns };
    assert_eq!(schedule.to_string(), "1:0000beef:0*2.1=3.2");
}

#[test]
fn errors_name_the_part() {
    let parse = |text: &str| text.parse::<Schedule>().expect_err(text);
    assert_eq!(parse("hello"), ParseScheduleError::Shape);
    assert_eq!(parse("2:00000000:0"), ParseScheduleError::Version("2".into()));
    assert_eq!(parse("1:xyz:0"), ParseScheduleError::Hash("xyz".into()));
    assert_eq!(parse("1:00000000:0.x"), ParseScheduleError::Step { index: 2, text: "x".into() });
    assert_eq!(parse("1:00000000:0*0"), ParseScheduleError::Step { index: 1, text: "0*0".into() });
    assert!(matches!(parse("1:00000000:0*99999999999"), ParseScheduleError::TooLong(_)));
}
