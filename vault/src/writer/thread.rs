//! The writer's thread: sleeps until a batch, the end of a checkpoint, or a moment at which something is due.
//!
//! A group takes what has queued up while the last one was synced. It does not wait for more, with one exception: when
//! it is small and of fewer batches than the group before, whose senders have their answers by now, more may be on their
//! way, and a sync writes whole blocks. Then it pauses, four times at most and only as long as each pause brings
//! another batch. Where a sync takes less time than a pause there is none. Who sends alone waits for one pause at most
//! after others have gone.

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SendError, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{State, Writer, filling};
use crate::{
    error::AppendError,
    writer::checkpoint::{Checkpoint, CheckpointError},
    writer::group::AppendRequest,
};

/// A group takes no more batches from here on. With larger ones the disk waits while the next is made, and who sends waits
/// for both; with smaller ones there are more syncs.
const GROUP_BYTES: usize = 3 << 19;
/// Below this a sync writes more for the blocks it touches than for what is new in them.
const SMALL_BYTES: usize = 16 << 10;
/// How long a small group waits for more, and how often.
const PAUSE: Duration = Duration::from_micros(100);
const PAUSES: usize = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What the thread is asked to do.
#[derive(Debug)]
pub(crate) enum Command {
    Append(AppendRequest),
    Checkpointed(Result<(), CheckpointError>),
    Close(Sender<Result<(), AppendError>>),
}

struct Loop {
    writer: Writer,
    commands: Sender<Command>,
    queue: Receiver<Command>,
    checkpointing: bool,
    closing: Option<Sender<Result<(), AppendError>>>,
    /// When to try again what has failed, and how long to wait after that.
    retry: Option<(Instant, Duration)>,
    stopping: Arc<AtomicBool>,
    /// Came while a checkpoint was waited for; what is in the queue is newer.
    backlog: VecDeque<Command>,
    last: LastGroup,
}

/// What the next group makes of the last one.
#[derive(Clone, Copy, Default)]
struct LastGroup {
    batches: usize,
    took: Duration,
}

pub(super) fn start(writer: Writer, commands: Sender<Command>, queue: Receiver<Command>) -> JoinHandle<()> {
    let stopping = Arc::new(AtomicBool::new(false));
    let filler = fill_filter(&writer, Arc::clone(&stopping));
    let mut state = Loop {
        writer,
        commands,
        queue,
        checkpointing: false,
        closing: None,
        retry: None,
        stopping,
        backlog: VecDeque::new(),
        last: LastGroup::default(),
    };
    let run = move || {
        state.run();
        state.stopping.store(true, Ordering::Relaxed);
        if filler.join().is_err() {
            tracing::error!("reading ids into the filter ended in a panic");
        }
        state.close();
    };
    thread::Builder::new()
        .name("vault-writer".into())
        .spawn(run)
        .unwrap_or_else(|error| {
            // Only at start-up, when the system has no thread left to give.
            panic!("cannot start the writer's thread: {error}")
        })
}

fn fill_filter(writer: &Writer, stopping: Arc<AtomicBool>) -> JoinHandle<()> {
    let (store, filter) = writer.filling();
    thread::spawn(move || {
        filling::fill_filter(&*store, &filter, &|| !stopping.load(Ordering::Relaxed));
    })
}

/// Runs the checkpoint unless it has been taken already.
fn run_checkpoint(slot: &Mutex<Option<Checkpoint>>) -> Option<Result<(), CheckpointError>> {
    let mut checkpoint = slot.lock().unwrap_or_else(PoisonError::into_inner).take()?;
    // The ids are let go before the writer goes on, so that it does not pay for freeing them.
    Some(checkpoint.run())
}

impl LastGroup {
    /// Whether a small group of so many batches should wait for more.
    fn makes_wait(&self, batches: usize) -> bool {
        batches < self.batches && self.took > PAUSE
    }
}

impl Loop {
    fn run(&mut self) {
        while self.closing.is_none() {
            let Some(command) = self.next() else { return };
            self.handle(command);
            self.start_checkpoint_if_due();
        }
    }

    /// Waits for a command; meanwhile does what falls due. `None` when nobody can command any more.
    fn next(&mut self) -> Option<Command> {
        loop {
            let now = Instant::now();
            self.retry_if_due(now);
            self.start_checkpoint_if_due();
            if let Some(command) = self.backlog.pop_front() {
                return Some(command);
            }
            let wake = match (self.retry.map(|(at, _)| at), self.checkpoint_at()) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            let Some(wake) = wake else {
                return self.queue.recv().ok();
            };
            match self.queue.recv_timeout(wake.saturating_duration_since(now)) {
                Ok(command) => return Some(command),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    fn handle(&mut self, command: Command) {
        match command {
            Command::Append(request) => self.commit(request),
            Command::Checkpointed(result) => self.checkpointed(result),
            Command::Close(reply) => self.closing = Some(reply),
        }
    }

    /// Commits `first` and what else has queued up, as far as a group goes.
    fn commit(&mut self, first: AppendRequest) {
        let mut bytes = first.bytes();
        let mut requests = vec![first];
        let mut other = self.take_queued(&mut requests, &mut bytes);
        for _ in 0..PAUSES {
            let known = requests.len();
            if other.is_some() || bytes >= SMALL_BYTES || !self.last.makes_wait(known) {
                break;
            }
            thread::sleep(PAUSE);
            other = self.take_queued(&mut requests, &mut bytes);
            if requests.len() == known {
                break;
            }
        }
        let (batches, begun) = (requests.len(), Instant::now());
        #[cfg(feature = "baseline")]
        self.writer.committer.commit_baseline(requests);
        #[cfg(not(feature = "baseline"))]
        self.writer.commit(requests);
        self.last = LastGroup {
            batches,
            took: begun.elapsed(),
        };
        self.plan_retry();
        if let Some(command) = other {
            self.handle(command);
        }
    }

    /// Takes what has queued up, as far as a group goes, until another command comes.
    fn take_queued(&mut self, requests: &mut Vec<AppendRequest>, bytes: &mut usize) -> Option<Command> {
        while *bytes < GROUP_BYTES {
            match self.next_queued() {
                Some(Command::Append(request)) => {
                    *bytes += request.bytes();
                    requests.push(request);
                }
                other => return other,
            }
        }
        None
    }

    fn next_queued(&mut self) -> Option<Command> {
        self.backlog.pop_front().or_else(|| self.queue.try_recv().ok())
    }

    fn checkpoint_at(&self) -> Option<Instant> {
        if self.checkpointing || !self.healthy() {
            None
        } else {
            self.writer.checkpoint_at()
        }
    }

    fn start_checkpoint_if_due(&mut self) {
        while self.checkpointing && self.writer.checkpoint_overdue() {
            // More comes in than goes to rest: whoever sends must wait.
            if !self.await_checkpoint() {
                return;
            }
        }
        if self.checkpointing || !self.healthy() || !self.writer.checkpoint_due(Instant::now()) {
            return;
        }
        let checkpoint = Arc::new(Mutex::new(Some(self.writer.begin_checkpoint())));
        let (taken, commands) = (Arc::clone(&checkpoint), self.commands.clone());
        self.checkpointing = true;
        let spawned = thread::Builder::new().spawn(move || {
            if let Some(result) = run_checkpoint(&taken) {
                // The receiver is there: the loop ends only after this command.
                let _ = commands.send(Command::Checkpointed(result));
            }
        });
        // Where the system has no thread left to give, this one must do.
        if spawned.is_err()
            && let Some(result) = run_checkpoint(&checkpoint)
        {
            self.checkpointed(result);
        }
    }

    /// Waits for the end of the running checkpoint; what comes in meanwhile is taken up afterwards, before anything newer.
    fn await_checkpoint(&mut self) -> bool {
        loop {
            match self.queue.recv() {
                Ok(Command::Checkpointed(result)) => {
                    self.checkpointed(result);
                    return true;
                }
                Ok(command) => self.backlog.push_back(command),
                Err(_) => return false,
            }
        }
    }

    fn checkpointed(&mut self, result: Result<(), CheckpointError>) {
        self.checkpointing = false;
        if let Err(error) = self.writer.end_checkpoint(result) {
            tracing::error!(%error, "checkpoint failed, the journal still has everything");
        }
        self.plan_retry();
    }

    fn healthy(&self) -> bool {
        self.writer.state() == State::Ready
    }

    fn degraded(&self) -> bool {
        matches!(self.writer.state(), State::Degraded { .. })
    }

    fn wants_reopening(&self) -> bool {
        self.degraded() || self.writer.owes_note()
    }

    fn plan_retry(&mut self) {
        let incomplete = self.healthy() && self.writer.has_incomplete();
        let wanted = incomplete || self.wants_reopening();
        match (wanted, self.retry) {
            (true, None) => self.retry = Some((Instant::now() + FIRST_PAUSE, FIRST_PAUSE)),
            (false, Some(_)) => self.retry = None,
            _ => {}
        }
    }

    fn retry_if_due(&mut self, now: Instant) {
        let Some((at, pause)) = self.retry else { return };
        if now < at {
            return;
        }
        if self.checkpointing && self.wants_reopening() {
            // It holds the database: it must end before that is reopened.
            self.retry = Some((now + FIRST_PAUSE, pause));
            return;
        }
        let done = if self.writer.owes_note() {
            self.writer.retry_note()
        } else if self.degraded() {
            self.writer.recover()
        } else {
            self.writer.retry_incomplete()
        };
        let longer = (pause * 2).min(LONGEST_PAUSE);
        self.retry = if done {
            None
        } else {
            Some((Instant::now() + longer, longer))
        };
        self.plan_retry();
    }

    /// The last things: what is still queued, the running checkpoint, and one more.
    fn close(&mut self) {
        self.handle_rest();
        if self.checkpointing && !self.await_checkpoint() {
            return;
        }
        self.handle_rest();
        self.writer.retry_note();
        let result = match self.writer.rejection() {
            Some(rejection) => Err(rejection),
            None => self.last_checkpoint(),
        };
        if let Some(reply) = self.closing.take()
            && let Err(SendError(Err(error))) = reply.send(result)
        {
            // Nobody waits when the last handle was dropped.
            tracing::warn!(%error, "the last checkpoint failed, the next start replays");
        }
    }

    fn handle_rest(&mut self) {
        while let Some(command) = self.next_queued() {
            match command {
                Command::Close(other) => drop(other),
                command => self.handle(command),
            }
        }
    }

    fn last_checkpoint(&mut self) -> Result<(), AppendError> {
        self.writer.retry_incomplete();
        self.writer.checkpoint().map_err(|error| AppendError::Storage {
            reason: error.to_string(),
        })
    }
}

impl AppendRequest {
    fn bytes(&self) -> usize {
        self.batch
            .files
            .iter()
            .map(|file| file.bytes.len() + file.ids.len() * 20)
            .sum()
    }
}
