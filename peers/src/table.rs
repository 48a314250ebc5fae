//! The table, line by line.

use std::time::Duration;

use crate::measure::Measured;
use crate::peer::{End, Kind, Peer};
use crate::question::Question;
use crate::verdict::Verdict;

const HEAD: [&str; 10] =
    ["tool", "rule", "asked", "put_page", "actors", "count", "complete", "outcomes", "build", "time"];

fn line(cells: [&str; 10], ratio: &str) -> String {
    let [tool, rule, asked, put, actors, count, complete, outcomes, build, time] = cells;
    let line = format!(
        "{tool:<22}  {rule:<21}  {asked:<5}  {put:<8}  {actors:>6}  {count:>17}  {complete:<8}  \
         {outcomes:<26}  {build:>7}  {time:>7}  {ratio:>8}"
    );
    line.trim_end().to_owned()
}

pub(crate) fn head() -> String {
    line(HEAD, "to ours")
}

/// The line of a checker's answer. `ours` is the time of our checker.
pub(crate) fn row(
    peer: &Peer,
    question: &Question,
    measured: &Measured,
    verdict: &Verdict,
    ours: Option<Duration>,
) -> String {
    let unit = if peer.kind == Kind::Stateful { "states" } else { "executions" };
    let complete = match measured.end {
        End::Complete => "yes",
        End::Bounded => "bounded",
        End::Found => "found",
        End::Limit => "no",
    };
    let outcomes = match verdict {
        Verdict::Nothing => "-".to_owned(),
        Verdict::Agrees(text) => text.clone(),
        Verdict::Known(text) => format!("{text} (known)"),
        Verdict::Mismatch(text) => format!("MISMATCH: {text}"),
    };
    let time = shown(measured.time);
    let (time, ratio) = match (measured.end, ours) {
        (End::Limit, Some(ours)) => (format!("> {time}"), format!("> {}", times(measured.time, ours))),
        (End::Limit, None) => (format!("> {time}"), "-".to_owned()),
        (_, Some(ours)) => (time, times(measured.time, ours)),
        (_, None) => (time, "-".to_owned()),
    };
    // A process that had to be stopped has not printed its progress.
    let count = if measured.count == 0 { "-".to_owned() } else { format!("{} {unit}", measured.count) };
    let build = measured.build.map_or("-".to_owned(), shown);
    let actors = question.task.variant.actors.to_string();
    let (rule, asked, put) = (question.rule(), question.asked(), question.put_page());
    line([peer.name, rule, asked, put, &actors, &count, complete, &outcomes, &build, &time], &ratio)
}

/// The line of a checker that has no answer.
pub(crate) fn no_answer(peer: &Peer, question: &Question, why: &str) -> String {
    let actors = question.task.variant.actors.to_string();
    let (rule, asked, put) = (question.rule(), question.asked(), question.put_page());
    line([peer.name, rule, asked, put, &actors, "-", why, "", "", ""], "")
}

/// A duration with three digits.
pub(crate) fn shown(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let (value, unit) = match seconds {
        1.0.. => (seconds, "s"),
        0.001.. => (seconds * 1e3, "ms"),
        _ => (seconds * 1e6, "us"),
    };
    format!("{} {unit}", digits(value))
}

/// The time as a multiple of ours, with three digits.
pub(crate) fn times(time: Duration, ours: Duration) -> String {
    digits(time.as_secs_f64() / ours.as_secs_f64())
}

fn digits(value: f64) -> String {
    let places = match value {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{value:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits() {
        assert_eq!(shown(Duration::from_nanos(28_460)), "28.5 us");
        assert_eq!(shown(Duration::from_micros(1_234)), "1.23 ms");
        assert_eq!(shown(Duration::from_secs(10)), "10.0 s");
        assert_eq!(times(Duration::from_secs(10), Duration::from_millis(3)), "3333");
    }
}
