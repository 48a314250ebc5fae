//! Asks every checker every question.

use std::collections::HashSet;
use std::time::Duration;

use crate::measure::measure;
use crate::options::Options;
use crate::peer::{End, Goal, Kind, Peer, Words};
use crate::peers::PEERS;
use crate::question::Question;
use crate::table::{head, no_answer, row, shown, times};
use crate::verdict::{Verdict, judge};

/// The text below the table.
#[derive(Default)]
pub(crate) struct Suite {
    /// For each question with a complete answer, the fastest stateless peer.
    fastest: Vec<String>,
    /// The peers that could not be asked, and why.
    skipped: Vec<String>,
    /// The peers that miss outcomes, as is known.
    known: Vec<String>,
    /// The mismatches.
    wrong: Vec<String>,
    /// The peers that have reached the limit, with the question; larger sizes of it are not tried.
    late: Vec<(&'static str, Question)>,
}

/// The fastest of some checkers.
type Fastest = Option<(Duration, &'static str)>;

impl Suite {
    /// Asks every question; tells whether there is no mismatch.
    pub(crate) fn run(mut self, options: &Options, say: &mut dyn FnMut(&str)) -> bool {
        let mut peers = Vec::new();
        for peer in PEERS.iter().filter(|peer| peer.kind == Kind::Ours || options.wants(peer.name)) {
            match (peer.available)() {
                Ok(()) => peers.push(peer),
                Err(why) => self.skipped.push(format!("{:<22}  skipped: {why}", peer.name)),
            }
        }
        say(&head());
        for question in Question::all(options) {
            say("");
            self.ask(&question, &peers, options, say);
        }
        self.finish(options, say);
        self.wrong.is_empty()
    }

    fn ask(
        &mut self,
        question: &Question,
        peers: &[&'static Peer],
        options: &Options,
        say: &mut dyn FnMut(&str),
    ) {
        let mut ours: Option<Duration> = None;
        let mut outcomes: Option<HashSet<Words>> = None;
        let mut fastest: Fastest = None;
        for peer in peers.iter().filter(|peer| question.is_for(peer.kind)) {
            if let Some(smaller) = self.was_late(peer, question) {
                say(&no_answer(peer, question, &format!("not tried after {smaller} actors")));
                continue;
            }
            let answer = (peer.prepare)(question.task).and_then(|ready| measure(&ready, options.runs));
            let measured = match answer {
                Ok(measured) => measured,
                Err(why) => {
                    say(&no_answer(peer, question, "failed"));
                    self.wrong.push(format!("{}: {question}: {why}", peer.name));
                    continue;
                }
            };
            if ours.is_none() && peer.kind == Kind::Ours {
                ours = Some(measured.time);
                outcomes = measured.run.outcomes.clone();
            }
            let verdict = judge(&measured.run, outcomes.as_ref(), question.task, peer.known);
            say(&row(peer, question, &measured, &verdict, ours));
            match measured.end {
                End::Limit => self.late.push((peer.name, *question)),
                End::Complete if peer.kind == Kind::Stateless && !peer.known => {
                    let this = (measured.time, peer.name);
                    fastest = Some(fastest.map_or(this, |other| other.min(this)));
                }
                _ => {}
            }
            match verdict {
                Verdict::Mismatch(text) => self.wrong.push(format!("{}: {question}: {text}", peer.name)),
                Verdict::Known(text) => self.known.push(format!("{}: {question}: {text}", peer.name)),
                Verdict::Nothing | Verdict::Agrees(_) => {}
            }
        }
        if question.task.goal == Goal::Whole {
            self.fastest.push(compare(question, fastest, ours));
        }
    }

    /// The size of the same problem at which a checker has reached the limit.
    fn was_late(&self, peer: &Peer, question: &Question) -> Option<u8> {
        let of = |question: &Question| (question.rule(), question.put_page(), question.asked());
        let whole = question.task.goal == Goal::Whole;
        let late = self.late.iter().filter(|(name, late)| *name == peer.name && of(late) == of(question));
        late.map(|(_, late)| late.task.variant.actors).min().filter(|_| whole)
    }

    fn finish(&self, options: &Options, say: &mut dyn FnMut(&str)) {
        let limit = shown(options.limit());
        let mut section = |title: &str, lines: &[String]| {
            if !lines.is_empty() {
                say("");
                say(title);
                lines.iter().for_each(|line| say(line));
            }
        };
        section("skipped:", &self.skipped);
        let title = format!("the fastest stateless peer with a complete answer within {limit}, to ours:");
        section(&title, &self.fastest);
        section("known to differ, as peers/README.md says:", &self.known);
        section("MISMATCH, one of the two is wrong:", &self.wrong);
    }
}

fn compare(question: &Question, fastest: Fastest, ours: Option<Duration>) -> String {
    let answer = match (fastest, ours) {
        (Some((time, name)), Some(ours)) => {
            format!("{name} takes {} times as long ({} to {})", times(time, ours), shown(time), shown(ours))
        }
        _ => "none".to_owned(),
    };
    format!("{question}: {answer}")
}
