//! Many visits at once, by several threads.
//!
//! While they are made nothing is learned and no state is added, so that each leads to the same whichever thread makes
//! it, and whatever the others do meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;

use cowrace_machine::Program;
use crossbeam_utils::Backoff;

use crate::execution::windows::Cover;
use crate::search::shared::Shared;
use crate::states::configuration::learning::Knowledge;
use crate::states::configuration::{Configuration, Treatment};
use crate::states::log::{Entry, Log};
use crate::states::table::{Table, Visit};
use crate::states::visit::Visitor;
use crate::sync::Primitives;

/// How many visits a thread takes at once.
const CHUNK: usize = 8;

/// Visits to make, and what is known.
struct Job {
    visits: Vec<Visit>,
    table: Table,
    knowledge: Arc<Knowledge>,
    /// The first chunk that no thread has taken.
    next: AtomicUsize,
}

/// What the visits that a thread has made have led to: those of several chunks, one after the other.
#[derive(Debug, Default)]
struct Share {
    log: Log,
    chunks: Vec<usize>,
}

/// A thread that makes visits.
struct Worker<'p> {
    here: Configuration<'p>,
    visitor: Visitor,
}

/// Another thread that makes visits.
struct Helper {
    jobs: Sender<ToDo>,
    done: Receiver<Done>,
}

/// What a helper is given: a job, and where to note what comes of it.
type ToDo = (Arc<Job>, Share);

/// What comes of it, and what was seen of windows.
type Done = (Share, Vec<Cover>);

/// The threads that make visits: this one, and others that help. They end when this is dropped.
pub(super) struct Team<'t, 'p> {
    /// Starts a thread.
    start: &'t dyn Fn(Receiver<ToDo>, Sender<Done>),
    program: &'p Program,
    steps: u32,
    treatment: Treatment,
    /// This thread, once it has helpers.
    me: Option<Worker<'p>>,
    helpers: Vec<Helper>,
    /// What each has made, the helpers first.
    shares: Vec<Share>,
    /// How many threads were taken from the pool.
    taken: usize,
}

impl<'p> Worker<'p> {
    fn new(program: &'p Program, steps: u32, treatment: Treatment) -> Self {
        let here = Configuration::reading(program, Arc::default(), treatment);
        Self { here, visitor: Visitor::new(program.actors.len(), steps) }
    }

    /// Makes visits of a job as long as there are any, and lets go of it.
    fn work(&mut self, job: Arc<Job>, share: &mut Share) {
        let Self { here, visitor } = self;
        here.read(Arc::clone(&job.knowledge));
        share.log.clear();
        share.chunks.clear();
        loop {
            let at = job.next.fetch_add(1, Ordering::Relaxed);
            let Some(chunk) = job.visits.chunks(CHUNK).nth(at) else { break };
            share.chunks.push(at);
            for &visit in chunk {
                let log = &mut share.log;
                here.restore(job.table.known().name(visit.state));
                let result = visitor.visit(here, visit, &mut |here, asleep, closes| {
                    log.reach(here, &job.table, asleep, closes);
                    Ok(())
                });
                log.made(here, visit, result);
            }
        }
        here.read(Arc::default());
    }
}

/// Calls `lead` with a team of which this thread is the only one, which can grow. All threads have ended when it returns.
pub(super) fn with_team<'p, P: Primitives, R>(
    shared: &Shared<'_, P>,
    program: &'p Program,
    steps: u32,
    lead: impl FnOnce(&mut Team<'_, 'p>) -> R,
) -> R {
    thread::scope(|scope| {
        let treatment = Treatment::of(&shared.settings);
        let work = move |to_do, ready| help(Worker::new(program, steps, treatment), &to_do, &ready);
        let start = |to_do, ready| drop(scope.spawn(move || work(to_do, ready)));
        let (helpers, shares) = (Vec::new(), vec![Share::default()]);
        let mut team = Team { start: &start, program, steps, treatment, me: None, helpers, shares, taken: 0 };
        let result = lead(&mut team);
        (0..team.taken).for_each(|_| shared.threads.give());
        shared.go_on();
        result
    })
}

/// Makes visits as long as there are jobs.
fn help(mut worker: Worker<'_>, to_do: &Receiver<ToDo>, ready: &Sender<Done>) {
    while let Some((job, mut share)) = receive(to_do) {
        worker.work(job, &mut share);
        if ready.send((share, worker.here.cover().to_vec())).is_err() {
            break;
        }
    }
}

impl Team<'_, '_> {
    /// Makes use of all threads that have nothing else to do. Those that help the reduced search wait meanwhile.
    pub(super) fn grow<P: Primitives>(&mut self, shared: &Shared<'_, P>) {
        if self.helpers.is_empty() {
            (0..shared.hold()).for_each(|_| self.add_helper());
        }
        while shared.threads.take() {
            self.taken += 1;
            self.add_helper();
        }
    }

    fn add_helper(&mut self) {
        let (jobs, to_do) = channel();
        let (ready, done) = channel();
        (self.start)(to_do, ready);
        self.helpers.push(Helper { jobs, done });
        self.shares.insert(0, Share::default());
    }

    /// Whether there is no other thread.
    pub(super) const fn is_alone(&self) -> bool {
        self.helpers.is_empty()
    }

    /// Makes visits. `cover` is told what was seen of windows.
    pub(super) fn make_visits(
        &mut self,
        knowledge: &Arc<Knowledge>,
        table: &mut Table,
        visits: Vec<Visit>,
        mut cover: impl FnMut(&[Cover]),
    ) {
        let known = std::mem::take(table);
        let job = Job { visits, table: known, knowledge: Arc::clone(knowledge), next: AtomicUsize::new(0) };
        let job = Arc::new(job);
        let mut shares = self.shares.drain(..);
        for (helper, share) in self.helpers.iter().zip(&mut shares) {
            // If it has ended, it has panicked, and is missed below.
            drop(helper.jobs.send((Arc::clone(&job), share)));
        }
        let mut mine = shares.next().unwrap_or_default();
        drop(shares);
        let me = self.me.get_or_insert_with(|| Worker::new(self.program, self.steps, self.treatment));
        me.work(Arc::clone(&job), &mut mine);
        cover(me.here.cover());
        for helper in &self.helpers {
            let Some((share, seen)) = receive(&helper.done) else { panic!("a thread has panicked") };
            cover(&seen);
            self.shares.push(share);
        }
        self.shares.push(mine);
        let Some(job) = Arc::into_inner(job) else { unreachable!("every thread has let go of it") };
        *table = job.table;
    }

    /// The visits that were made last, in their order.
    pub(super) fn made(&self) -> impl Iterator<Item = (&Log, Entry<'_>)> {
        let of = |by: usize| (0..).zip(&self.shares[by].chunks).map(move |(nth, &at)| (at, by, nth * CHUNK));
        let mut chunks: Vec<(usize, usize, usize)> = (0..self.shares.len()).flat_map(of).collect();
        chunks.sort_unstable();
        chunks.into_iter().flat_map(|(_, by, first)| {
            let log = &self.shares[by].log;
            log.entries(first..first + CHUNK).map(move |entry| (log, entry))
        })
    }
}

/// Waits for the next item, which is likely to come soon.
fn receive<T>(from: &Receiver<T>) -> Option<T> {
    let backoff = Backoff::new();
    while !backoff.is_completed() {
        match from.try_recv() {
            Ok(item) => return Some(item),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => backoff.snooze(),
        }
    }
    from.recv().ok()
}
