use std::sync::mpsc::channel;

use super::*;
use crate::{
    fs::sim::SimDisk,
    store::{LoggedStore, Store},
    writer::{state::Shared, tests::options},
};

fn state(disk: &SimDisk, commands: Sender<Command>, queue: Receiver<Command>) -> Loop {
    let process = disk.process();
    let store: Arc<dyn Store> = Arc::new(LoggedStore::simulated(&process, &options().wal).unwrap());
    let shared = Arc::new(Shared::new(Arc::clone(&store)));
    Loop {
        writer: Writer::new(&options(), Arc::new(process), store, disk.boot_id(), shared),
        commands,
        queue,
        checkpointing: true,
        closing: None,
        retry: None,
        stopping: Arc::default(),
        backlog: VecDeque::new(),
        last: LastGroup::default(),
    }
}

#[test]
fn what_comes_during_a_checkpoint_goes_before_what_is_newer() {
    let (commands, queue) = channel();
    let mut state = state(&SimDisk::new(0), commands.clone(), queue);
    let askers: Vec<_> = (0..3)
        .map(|number| {
            let (reply, answer) = channel();
            commands.send(Command::Close(reply)).unwrap();
            if number == 1 {
                commands.send(Command::Checkpointed(Ok(()))).unwrap();
            }
            answer
        })
        .collect();
    assert!(state.await_checkpoint());
    for asker in askers {
        let Some(Command::Close(reply)) = state.next_queued() else {
            panic!("not what was sent")
        };
        reply.send(Ok(())).unwrap();
        assert!(matches!(asker.try_recv(), Ok(Ok(()))));
    }
    assert!(state.next_queued().is_none() && !state.checkpointing);
}

#[test]
fn only_a_smaller_group_waits_and_only_where_syncs_take_long() {
    let last = |batches, micros| LastGroup {
        batches,
        took: Duration::from_micros(micros),
    };
    assert!(last(3, 300).makes_wait(2));
    assert!(!last(3, 300).makes_wait(3) && !last(1, 300).makes_wait(1));
    assert!(!last(3, 50).makes_wait(1) && !LastGroup::default().makes_wait(1));
}
