//! Properties of any text that is read as a schedule.

use cowrace_report::Schedule;

/// Reads a schedule. A valid schedule can be printed, and is the same when read again.
pub fn reads(text: &str) -> Option<Schedule> {
    let schedule: Schedule = match text.parse() {
        Ok(schedule) => schedule,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return None;
        }
    };
    let printed = schedule.to_string();
    assert_eq!(printed.parse().as_ref(), Ok(&schedule), "{printed}");
    assert!(schedule.turns.len() <= Schedule::MAX_TURNS);
    Some(schedule)
}
