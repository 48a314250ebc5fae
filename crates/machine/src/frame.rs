//! Frames: the kernel functions that are running, and what each of them remembers.
//!
//! A future can be asked only for its next request. But whether two executions continue alike depends on what an actor
//! *remembers*, which is less than all the answers that it has got: a function that has returned is remembered only by
//! its result. So a kernel function runs in a frame ([`Cpu::call`](crate::Cpu::call)): a body that captures nothing
//! gets the CPU and arguments, and returns a result, and both are values that can be encoded exactly ([`Encode`]). All
//! local variables of the body are then functions of its arguments, of the answers that it got itself, and of the
//! results of the frames that have ended within it; and the machine has all of these. A loop that forgets what its
//! earlier rounds have seen is a frame of rounds ([`Cpu::rounds`](crate::Cpu::rounds)), each of which passes such a
//! value to the next.
//!
//! Some state is kept outside frames: the number of objects that an actor has named, marks, notes, and findings that
//! have not been taken.

use std::panic::Location;

use cowrace_report::Obstacle;

use crate::{Addr, Cpu, Obj, Value};

/// The words that encode a value.
#[derive(Debug, Default)]
pub struct Words(Vec<u64>);

impl Words {
    /// Appends a word.
    pub fn push(&mut self, word: u64) {
        self.0.push(word);
    }
}

/// A value that words encode exactly: two values of a type have the same words if and only if they are equal, apart
/// from the loads from which they come.
///
/// The type is `Copy` and `'static`, and consists only of such values: [`encode!`](crate::encode) works field by field,
/// and there is no implementation for a reference, a cell, a box or a function.
pub trait Encode: Copy + 'static {
    /// Appends the words of the value.
    fn encode(self, words: &mut Words);
}

impl Encode for () {
    fn encode(self, _: &mut Words) {}
}

macro_rules! numbers {
    ($($number:ty),*) => { $(
        impl Encode for $number {
            fn encode(self, words: &mut Words) {
                words.push(self as u64);
            }
        }
    )* };
}
numbers!(bool, u8, u16, u32, u64, usize, i64);

impl Encode for Addr {
    fn encode(self, words: &mut Words) {
        words.push(self.index() as u64);
    }
}

impl Encode for Obj {
    fn encode(self, words: &mut Words) {
        words.push(self.pfn());
    }
}

/// Without the loads from which it comes: they do not change what the actor does next.
impl Encode for Value {
    fn encode(self, words: &mut Words) {
        words.push(self.bits);
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(self, words: &mut Words) {
        words.push(self.is_some().into());
        if let Some(value) = self {
            value.encode(words);
        }
    }
}

impl<T: Encode, E: Encode> Encode for Result<T, E> {
    fn encode(self, words: &mut Words) {
        words.push(self.is_ok().into());
        match self {
            Ok(value) => value.encode(words),
            Err(error) => error.encode(words),
        }
    }
}

impl<T: Encode, const N: usize> Encode for [T; N] {
    fn encode(self, words: &mut Words) {
        self.into_iter().for_each(|value| value.encode(words));
    }
}

macro_rules! tuples {
    ($(($($name:ident),+))*) => { $(
        impl<$($name: Encode),+> Encode for ($($name,)+) {
            #[expect(non_snake_case, reason = "a variable for each type")]
            fn encode(self, words: &mut Words) {
                let ($($name,)+) = self;
                $($name.encode(words);)+
            }
        }
    )* };
}
tuples! { (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) (A, B, C, D, E, F, G) (A, B, C, D, E, F, G, H) }

/// Implements [`Encode`] for structures and enums by their fields, all of which must be named.
///
/// ```
/// use cowrace_machine::encode;
///
/// #[derive(Clone, Copy)]
/// struct Fault { page: u64, write: bool }
/// encode!(struct Fault { page, write });
///
/// #[derive(Clone, Copy)]
/// enum Entry { None, Page(u64), Swap { slot: u8 } }
/// encode!(enum Entry { None, Page(page), Swap { slot } });
///
/// #[derive(Clone, Copy)]
/// enum Flag { Read, Write }
/// encode!(fieldless enum Flag);
/// ```
///
/// A field that is left out does not compile:
///
/// ```compile_fail
/// # use cowrace_machine::encode;
/// #[derive(Clone, Copy)]
/// struct Fault { page: u64, write: bool }
/// encode!(struct Fault { page });
/// ```
///
/// and neither does a field through which something could be remembered outside the words:
///
/// ```compile_fail
/// # use cowrace_machine::encode;
/// #[derive(Clone, Copy)]
/// struct Fault { page: &'static std::cell::Cell<u64> }
/// encode!(struct Fault { page });
/// ```
#[macro_export]
macro_rules! encode {
    (fieldless enum $($type:ident),+ $(,)?) => { $(
        impl $crate::Encode for $type {
            fn encode(self, words: &mut $crate::Words) {
                words.push(self as u64);
            }
        }
    )+ };
    (struct $type:ident { $($field:ident),* $(,)? }) => {
        impl $crate::Encode for $type {
            fn encode(self, words: &mut $crate::Words) {
                let Self { $($field),* } = self;
                $($crate::Encode::encode($field, words);)*
            }
        }
    };
    (struct $type:ident ( $($field:ident),* $(,)? )) => {
        impl $crate::Encode for $type {
            fn encode(self, words: &mut $crate::Words) {
                let Self($($field),*) = self;
                $($crate::Encode::encode($field, words);)*
            }
        }
    };
    (enum $type:ident { $( $variant:ident $( ( $($place:ident),* $(,)? ) )? $( { $($field:ident),* $(,)? } )? ),* $(,)? }) => {
        impl $crate::Encode for $type {
            fn encode(self, words: &mut $crate::Words) {
                #[derive(Clone, Copy)]
                enum Variant { $($variant),* }
                match self {
                    $( Self::$variant $( ( $($place),* ) )? $( { $($field),* } )? => {
                        words.push(Variant::$variant as u64);
                        $( $($crate::Encode::encode($place, words);)* )?
                        $( $($crate::Encode::encode($field, words);)* )?
                    } )*
                }
            }
        }
    };
}

impl Encode for Obstacle {
    fn encode(self, words: &mut Words) {
        words.push(self as u64);
    }
}

/// How a round of a loop ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round<S, R> {
    /// The loop ends with this result.
    Done(R),
    /// Another round begins with this state.
    Again(S),
}

/// Runs a body in a frame.
pub fn call<C: AsRef<Cpu>, A: Encode, R: Encode, F: AsyncFnOnce(&C, A) -> R>(
    cpu: &C,
    function: &'static str,
    site: &'static Location<'static>,
    arguments: A,
    body: F,
) -> impl Future<Output = R> {
    const { assert!(size_of::<F>() == 0, "the body of a frame captures something: make it an argument") }
    async move {
        cpu.as_ref().frames().borrow_mut().enter(function, site, arguments);
        let result = body(cpu, arguments).await;
        cpu.as_ref().frames().borrow_mut().leave(site, result);
        result
    }
}

/// Runs a part of a function in a frame of its own, which names the function of the enclosing frame.
pub fn part<C: AsRef<Cpu>, A: Encode, R: Encode, F: AsyncFnOnce(&C, A) -> R>(
    cpu: &C,
    site: &'static Location<'static>,
    arguments: A,
    body: F,
) -> impl Future<Output = R> {
    const { assert!(size_of::<F>() == 0, "the part of a function captures something: make it an argument") }
    let function = cpu.as_ref().function();
    call(cpu, function, site, arguments, body)
}

/// How a function ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail<R, A> {
    /// It returns.
    Return(R),
    /// It returns what another function returns for these arguments. That function is called after the frame has ended,
    /// so that nothing else of it is remembered.
    Call(A),
}

impl<R: Encode, A: Encode> Encode for Tail<R, A> {
    fn encode(self, words: &mut Words) {
        words.push(matches!(self, Self::Return(_)).into());
        match self {
            Self::Return(result) => result.encode(words),
            Self::Call(arguments) => arguments.encode(words),
        }
    }
}

/// Runs the rounds of a loop in a frame of their own, which names the function of the enclosing frame.
pub fn rounds<C: AsRef<Cpu>, S: Encode, R: Encode, F: AsyncFn(&C, S) -> Round<S, R>>(
    cpu: &C,
    site: &'static Location<'static>,
    first: S,
    body: F,
) -> impl Future<Output = R> {
    const { assert!(size_of::<F>() == 0, "the round of a loop captures something: make it a part of its state") }
    async move {
        let frames = || cpu.as_ref().frames().borrow_mut();
        let function = cpu.as_ref().function();
        frames().enter(function, site, first);
        let mut state = first;
        loop {
            match body(cpu, state).await {
                Round::Done(result) => {
                    frames().leave(site, result);
                    return result;
                }
                Round::Again(next) => {
                    frames().again(site, next);
                    state = next;
                }
            }
        }
    }
}

/// The frames that are open, innermost last, and what they remember.
#[derive(Debug, Default)]
pub(crate) struct Stack {
    frames: Vec<Open>,
    words: Words,
    /// Whether words are kept: this costs time, and few callers need them.
    is_remembering: bool,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    /// The kernel function that the requests of the frame name.
    function: &'static str,
    /// Where it was called.
    site: &'static Location<'static>,
    /// Where its own words begin.
    begin: usize,
}

/// What a word tells about a source location.
#[derive(Clone, Copy)]
enum At {
    /// A frame is open.
    Open,
    /// A frame has ended.
    Ended,
}

/// The word before what is learned from an answer: two places that differ only by an answer from which nothing is learned
/// have different words.
const ANSWERED: u64 = 1;

/// The word for a source location, so that different calls are not confused.
#[must_use]
pub fn site_word(site: &Location<'static>) -> u64 {
    // The text of a path has one address in a process, and lines and columns are small.
    (site.file().as_ptr() as u64) << 24 ^ u64::from(site.line()) << 8 ^ u64::from(site.column())
}

fn place(site: &Location<'static>, at: At) -> u64 {
    site_word(site) << 1 | at as u64
}

impl Stack {
    /// The kernel function that is running.
    pub(crate) fn function(&self) -> Option<&'static str> {
        self.frames.last().map(|open| open.function)
    }

    /// Where the open frames were called, outermost first.
    pub(crate) fn sites(&self) -> impl Iterator<Item = &'static Location<'static>> {
        self.frames.iter().map(|open| open.site)
    }

    /// Keeps words from now on.
    pub(crate) fn remember(&mut self) {
        self.is_remembering = true;
    }

    /// Opens a frame.
    pub(crate) fn enter(
        &mut self,
        function: &'static str,
        site: &'static Location<'static>,
        arguments: impl Encode,
    ) {
        self.frames.push(Open { function, site, begin: self.words.0.len() });
        self.keep(site, At::Open, arguments);
    }

    fn keep(&mut self, site: &Location<'static>, at: At, value: impl Encode) {
        if self.is_remembering {
            self.words.push(place(site, at));
            value.encode(&mut self.words);
        }
    }

    /// Restarts the innermost frame with a state.
    pub(crate) fn again(&mut self, site: &'static Location<'static>, state: impl Encode) {
        let Some(open) = self.frames.last() else { return };
        self.words.0.truncate(open.begin);
        self.keep(site, At::Open, state);
    }

    /// Ends the innermost frame: only its source location and its result are kept.
    pub(crate) fn leave(&mut self, site: &Location<'static>, result: impl Encode) {
        let Some(open) = self.frames.pop() else { return };
        self.words.0.truncate(open.begin);
        self.keep(site, At::Ended, result);
    }

    /// Adds what the innermost frame learns from an answer, and that it got one.
    pub(crate) fn answered(&mut self, learned: impl Encode) {
        if self.is_remembering {
            self.words.push(ANSWERED);
            learned.encode(&mut self.words);
        }
    }

    /// What all frames together remember.
    pub(crate) fn remembered(&self) -> &[u64] {
        &self.words.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(value: impl Encode) -> Vec<u64> {
        let mut words = Words::default();
        value.encode(&mut words);
        words.0
    }

    #[derive(Clone, Copy)]
    enum Entry {
        None,
        Page(u64),
        Swap { slot: u8, exclusive: bool },
    }
    crate::encode!(enum Entry { None, Page(page), Swap { slot, exclusive } });

    #[test]
    fn values_that_differ_have_other_words() {
        let all = [
            words(Entry::None),
            words(Entry::Page(0)),
            words(Entry::Page(1)),
            words(Entry::Swap { slot: 0, exclusive: false }),
            words(Entry::Swap { slot: 0, exclusive: true }),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|other| other != one), "{all:?}");
        }
        assert_ne!(words(None::<u64>), words(Some(0_u64)));
        assert_ne!(words(Ok::<u64, u64>(1)), words(Err::<u64, u64>(1)));
    }

    #[test]
    fn a_frame_that_has_ended_has_left_its_result_alone() {
        let here = Location::caller();
        let mut stack = Stack { is_remembering: true, ..Stack::default() };
        stack.enter("outer", here, (1_u64,));
        let outer = stack.remembered().len();
        stack.enter("inner", here, (2_u64, true));
        stack.answered(7_u64);
        assert_eq!(stack.function(), Some("inner"));
        stack.leave(here, 9_u64);
        assert_eq!(stack.function(), Some("outer"));
        assert_eq!(stack.remembered()[outer + 1..], [9]);
        // The number of ended frames is remembered even if they have no result.
        stack.leave(here, ());
        assert_eq!(stack.remembered().len(), 1);
    }

    #[test]
    fn a_round_forgets_what_the_one_before_has_seen() {
        let here = Location::caller();
        let mut stack = Stack { is_remembering: true, ..Stack::default() };
        stack.enter("loop", here, 1_u64);
        let first = stack.remembered().to_vec();
        stack.answered(7_u64);
        stack.again(here, 1_u64);
        assert_eq!(stack.remembered(), first);
        stack.again(here, 2_u64);
        assert_ne!(stack.remembered(), first);
    }
}
