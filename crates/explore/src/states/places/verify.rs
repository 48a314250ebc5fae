//! Checks that what is taken for the same place is the same: wherever a second sequence of answers has led to a known
//! place, an actor after the one and an actor after the other are given the same answers, to their end.

use cowrace_machine::{Answer, Placed, Program, Request, Seat};

use super::{NONE, Places, Way};
use crate::random::Random;

/// How often each pair is run to the end, with other answers.
const RUNS: u32 = 8;

impl Places {
    /// How often two actors were compared.
    ///
    /// # Errors
    ///
    /// In what two actors at one place differ.
    pub(in crate::states) fn verify(&self, program: &Program, random: &mut Random) -> Result<u64, String> {
        let mut compared = 0;
        for from in 0..self.places.len() as u32 {
            for way in self.ways_from(from) {
                let to = self.get(way.to);
                if (to.parent, to.answer) == (from, way.answer) || to.request.is_none() {
                    continue;
                }
                let mut second = self.answers(from);
                second.push(way.answer);
                for _ in 0..RUNS {
                    self.compare(program, way.to, &second, random)?;
                }
                compared += 1;
            }
        }
        Ok(compared)
    }

    /// Compares the actor that has first reached a place with one that has reached it by other answers.
    fn compare(
        &self,
        program: &Program,
        mut place: u32,
        second: &[Answer],
        random: &mut Random,
    ) -> Result<(), String> {
        let before = |&at: &u32| Some(self.places[at as usize].parent).filter(|&parent| parent != NONE);
        let root = std::iter::successors(Some(place), before).last();
        let actor = self.roots.iter().position(|&other| Some(other) == root).unwrap_or_default() as u8;
        let [mut one, mut other] = [&self.answers(place)[..], second].map(|answers| {
            let mut seat = program.seat(actor);
            for &answer in answers {
                seat.poll();
                seat.answer(answer);
            }
            seat.poll();
            drop(seat.take_finding());
            seat
        });
        loop {
            let [asked, asks] = [&mut one, &mut other].map(Seat::poll);
            let of =
                |request: Option<Request>| request.map(|r| (r.op, r.prim, r.function, r.site, r.speculative));
            if of(asked) != of(asks) || one.allocated() != other.allocated() && asked.is_some() {
                return Err(format!("two actors at one place: {asked:?} is not {asks:?}"));
            }
            let ways: Vec<&Way> = self.ways_from(place).collect();
            if ways.is_empty() {
                return Ok(());
            }
            let way = ways[random.below(ways.len() as u64) as usize];
            let [marked, marks] = [&mut one, &mut other].map(|seat| {
                let before = seat.with_marks(<[Placed]>::len);
                seat.answer(way.answer);
                seat.poll();
                let marks = seat
                    .with_marks(|marks| marks[before..].iter().map(|placed| placed.mark).collect::<Vec<_>>());
                (marks, seat.take_finding())
            });
            if marked != marks {
                return Err(format!("two actors at one place: {marked:?} is not {marks:?}"));
            }
            place = way.to;
        }
    }
}
