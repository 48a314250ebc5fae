//! Schedules survive their text form, and nothing else is read as one.

use cowrace_trace::{ParseScheduleError, Schedule, Turn};
use proptest::prelude::*;

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = (0..16_u8, prop::option::of(0..5_u32)).prop_map(|(actor, choice)| Turn { actor, choice });
    // Runs, as executions have them.
    prop::collection::vec((turn, 1..9_usize), 0..40)
        .prop_map(|runs| runs.into_iter().flat_map(|(turn, n)| std::iter::repeat_n(turn, n)).collect())
}

proptest! {
    #[test]
    fn text_round_trips(fingerprint in any::<u32>(), turns in turns()) {
        let schedule = Schedule { fingerprint, turns };
        prop_assert_eq!(schedule.to_string().parse::<Schedule>(), Ok(schedule));
    }

    #[test]
    fn no_text_panics(text in ".{0,200}") {
        let _ = text.parse::<Schedule>();
    }

    #[test]
    fn no_text_that_looks_like_one_panics(text in "1:[0-9a-f]{8}:[0-9.*=]{0,60}") {
        let _ = text.parse::<Schedule>();
    }
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
