//! Keeps work of many milliseconds away from the threads that serve connections.

use std::{num::NonZeroUsize, thread, time::Duration};

use rustix::time::{ClockId, Timespec, clock_gettime};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::Semaphore,
    task::block_in_place,
};

/// Work on fewer bytes takes less time than handing it over.
const INLINE: usize = 64 << 10;

/// Runs work on large inputs apart from the serving threads, as much at a time as there are cores.
#[derive(Debug)]
pub(crate) struct Offload {
    permits: Semaphore,
}

impl Default for Offload {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            permits: Semaphore::new(cores),
        }
    }
}

impl Offload {
    /// Runs `work` on an input of so many bytes. Returns its result and the processor time that it took.
    pub(crate) async fn run<T>(&self, bytes: usize, work: impl FnOnce() -> T) -> (T, Duration) {
        if bytes <= INLINE {
            return timed(work);
        }
        // The semaphore is never closed; without it there would only be more work at a time.
        let _permit = self.permits.acquire().await;
        match Handle::current().runtime_flavor() {
            RuntimeFlavor::CurrentThread => timed(work),
            _ => block_in_place(|| timed(work)),
        }
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = processor_time();
    let result = work();
    (result, processor_time().saturating_sub(start))
}

/// The processor time of this thread.
fn processor_time() -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(tv_sec).unwrap_or_default(),
        u32::try_from(tv_nsec).unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use std::thread::{self, ThreadId};

    use super::*;

    /// A task that is woken while `work` runs elsewhere on the only worker.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn large_work_does_not_hold_up_other_tasks() {
        let offload = Offload::default();
        let (sender, receiver) = std::sync::mpsc::channel::<ThreadId>();
        let (started, waiting) = tokio::sync::oneshot::channel::<()>();
        let other = tokio::spawn(async move {
            waiting.await.ok();
            sender.send(thread::current().id()).ok();
        });
        let large = tokio::spawn(async move {
            let work = move || {
                started.send(()).ok();
                // ends only when the other task has run
                receiver.recv().ok()
            };
            offload.run(INLINE + 1, work).await.0
        });
        assert!(large.await.ok().flatten().is_some());
        assert!(other.await.is_ok());
    }

    #[tokio::test]
    async fn processor_time_is_measured_and_small_work_stays_here() {
        let here = thread::current().id();
        let (there, cost) = Offload::default()
            .run(10, || {
                let mut sum = 0_u64;
                for number in 0..20_000_000_u64 {
                    sum = std::hint::black_box(sum.wrapping_add(number));
                }
                thread::current().id()
            })
            .await;
        assert_eq!(there, here);
        assert!(cost > Duration::ZERO);
    }
}
