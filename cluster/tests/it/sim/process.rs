//! A simulated process: it runs, is frozen and wakes up, or is dead.

use std::sync::Arc;

use tokio::sync::watch;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    Frozen,
    Dead,
}

/// Every step of a process that others can notice passes [`Process::gate`].
#[derive(Clone, Debug)]
pub(crate) struct Process(Arc<watch::Sender<State>>);

impl Process {
    pub(crate) fn start() -> Self {
        Self(Arc::new(watch::channel(State::Running).0))
    }

    /// Waits while the process is frozen; for ever if it is dead.
    pub(crate) async fn gate(&self) {
        let mut state = self.0.subscribe();
        if state.wait_for(|state| *state == State::Running).await.is_err() || self.is_dead() {
            std::future::pending::<()>().await;
        }
    }

    pub(crate) fn freeze(&self) {
        self.change(State::Running, State::Frozen);
    }

    pub(crate) fn wake(&self) {
        self.change(State::Frozen, State::Running);
    }

    pub(crate) fn kill(&self) {
        self.0.send_replace(State::Dead);
    }

    pub(crate) fn is_dead(&self) -> bool {
        *self.0.borrow() == State::Dead
    }

    fn change(&self, from: State, to: State) {
        self.0.send_if_modified(|state| {
            let changes = *state == from;
            if changes {
                *state = to;
            }
            changes
        });
    }
}
