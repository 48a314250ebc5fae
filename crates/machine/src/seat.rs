//! A seat: one actor's future and the mailbox through which it makes requests.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use cowrace_report::{Finding, Limit, NoEffect, Reason};

use crate::frame::Stack;
use crate::{Answer, Cpu, Request};

/// A place in an actor's program that scenarios and diagrams can name. Never a scheduling point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// A call of the scenario begins with the next request.
    Begin(u16),
    /// A call has ended with the last request.
    End(u16),
    /// A named step of the model was completed by the last request.
    Step(&'static str),
    /// The current call does not have its effect.
    NoEffect(NoEffect),
    /// A limit of the model was reached.
    Limit(Limit),
}

/// A mark, and how many requests of the actor had been answered when it was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Placed {
    /// The number of requests answered before.
    pub at: u32,
    /// The mark.
    pub mark: Mark,
}

/// What is exchanged between a future and its engine. All of it is private to one actor.
#[derive(Default)]
pub(crate) struct Mailbox {
    pub(crate) actor: u8,
    pub(crate) request: Cell<Option<Request>>,
    pub(crate) answer: Cell<Option<Answer>>,
    pub(crate) answered: Cell<u32>,
    pub(crate) allocated: Cell<u16>,
    pub(crate) frames: RefCell<Stack>,
    pub(crate) marks: RefCell<Vec<Placed>>,
    pub(crate) finding: RefCell<Option<Finding>>,
    /// Reasons, with the number of requests answered before; `None` unless they are wanted.
    pub(crate) reasons: RefCell<Option<Vec<(u32, Reason)>>>,
}

/// The state of one actor in one execution.
pub struct Seat {
    mailbox: Rc<Mailbox>,
    future: Pin<Box<dyn Future<Output = ()>>>,
    finished: bool,
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").field("actor", &self.mailbox.actor).field("finished", &self.finished).finish()
    }
}

impl Seat {
    /// Creates the actor's future. Nothing of it runs yet.
    pub fn new(actor: u8, factory: impl FnOnce(Cpu) -> Pin<Box<dyn Future<Output = ()>>>) -> Self {
        let mailbox = Rc::new(Mailbox { actor, ..Mailbox::default() });
        let future = factory(Cpu::new(Rc::clone(&mailbox)));
        Self { mailbox, future, finished: false }
    }

    /// Makes the actor keep the reasons for its branches. This costs time, so only replay uses it.
    #[must_use]
    pub fn explaining(self) -> Self {
        *self.mailbox.reasons.borrow_mut() = Some(Vec::new());
        self
    }

    /// The actor's next request, or `None` if it has finished. The first call after an answer runs the actor up to its
    /// next request; further calls return the same request.
    ///
    /// # Panics
    ///
    /// If the future waits for anything but an answer: a defect of the model.
    pub fn poll(&mut self) -> Option<Request> {
        if self.finished {
            return None;
        }
        if let Some(request) = self.mailbox.request.get() {
            return Some(request);
        }
        match self.future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(()) => {
                self.finished = true;
                None
            }
            Poll::Pending => {
                let request = self.mailbox.request.get();
                assert!(request.is_some(), "an actor waits for something that is not an answer");
                request
            }
        }
    }

    /// Answers the request that [`poll`](Self::poll) returned.
    ///
    /// # Panics
    ///
    /// If there is no such request.
    pub fn answer(&mut self, answer: Answer) {
        let request = self.mailbox.request.take();
        assert!(request.is_some(), "an answer without a request");
        self.mailbox.answer.set(Some(answer));
        self.mailbox.answered.set(self.mailbox.answered.get() + 1);
    }

    /// The number of requests answered so far.
    #[must_use]
    pub fn answered(&self) -> u32 {
        self.mailbox.answered.get()
    }

    /// How many objects the actor has named so far.
    #[must_use]
    pub fn allocated(&self) -> u16 {
        self.mailbox.allocated.get()
    }

    /// Keeps what the actor's frames remember, for [`with_remembered`](Self::with_remembered). This costs time.
    #[must_use]
    pub fn remembering(self) -> Self {
        self.mailbox.frames.borrow_mut().remember();
        self
    }

    /// Calls `see` with everything that the actor's frames remember: from two places with the same words, an actor
    /// continues alike as long as it gets the same answers. The objects that it has named, marks, notes and findings
    /// are not included.
    pub fn with_remembered<R>(&self, see: impl FnOnce(&[u64]) -> R) -> R {
        see(self.mailbox.frames.borrow().remembered())
    }

    /// Calls `see` with the source locations at which the open frames were called, outermost first: together with that
    /// of the request, the position of the actor in its program.
    pub fn with_call_sites<R>(
        &self,
        see: impl FnOnce(&mut dyn Iterator<Item = &'static Location<'static>>) -> R,
    ) -> R {
        see(&mut self.mailbox.frames.borrow().sites())
    }

    /// Whether the actor has run to its end.
    #[must_use]
    pub const fn finished(&self) -> bool {
        self.finished
    }

    /// Calls `see` with all marks that the actor has set so far, in order.
    pub fn with_marks<R>(&self, see: impl FnOnce(&[Placed]) -> R) -> R {
        see(&self.mailbox.marks.borrow())
    }

    /// What the model itself found wrong. It is returned once.
    #[must_use]
    pub fn take_finding(&self) -> Option<Finding> {
        self.mailbox.finding.borrow_mut().take()
    }

    /// The reasons given since the last call, each with the number of requests answered before it.
    #[must_use]
    pub fn take_reasons(&self) -> Vec<(u32, Reason)> {
        self.mailbox.reasons.borrow_mut().as_mut().map(std::mem::take).unwrap_or_default()
    }
}
