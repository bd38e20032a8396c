//! People and programs that change the daily files while events come in.

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::bench::{Bench, HEADER, line_of, path_of};
use crate::fs::sim::{Area, Op, OpKind, SimDisk};

/// Events of the first daily file only.
fn events(rng: &mut StdRng) -> Vec<u32> {
    (0..rng.random_range(1..4))
        .map(|_| rng.random_range(0..400) * 3 + 1)
        .collect()
}

fn text(bench: &Bench) -> String {
    bench
        .disk
        .read(path_of(0))
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .unwrap_or_default()
}

#[test]
fn a_last_line_without_its_newline_is_ended_and_a_users_line_is_kept() {
    let mut bench = Bench::new(1);
    assert!(bench.start());
    bench.send(&[vec![1]]);
    let edited = format!("{}- my own thought", text(&bench));
    bench.disk.user_rewrite(path_of(0), edited.as_bytes()).unwrap();
    bench.send(&[vec![2]]);
    assert_eq!(
        text(&bench),
        format!("{HEADER}{}- my own thought\n{}", line_of(1), line_of(2))
    );
}

#[test]
fn a_file_that_an_editor_replaces_gets_what_comes_next() {
    let mut bench = Bench::new(1);
    assert!(bench.start());
    bench.send(&[vec![1]]);
    bench
        .disk
        .user_replace(path_of(0), b"\xef\xbb\xbfmine\r\n")
        .unwrap();
    bench.send(&[vec![2]]);
    assert_eq!(text(&bench), format!("\u{feff}mine\r\n{}", line_of(2)));
}

#[test]
fn what_a_user_deletes_stays_deleted_through_a_crash_of_the_process() {
    let mut bench = Bench::new(1);
    assert!(bench.start());
    bench.send(&[vec![1, 2]]);
    bench
        .disk
        .user_rewrite(path_of(0), format!("{HEADER}{}", line_of(2)).as_bytes())
        .unwrap();
    bench.kill();
    assert!(bench.start());
    assert_eq!(bench.send(&[vec![1, 2]])[0].as_ref().unwrap().skipped, 2);
    assert_eq!(text(&bench), format!("{HEADER}{}", line_of(2)));
}

#[test]
fn a_file_that_is_replaced_between_our_look_and_our_write_gets_the_entries_too() {
    // Before each operation up to our write, an editor saves what it had loaded by a rename.
    for at in 0..3 {
        let mut bench = Bench::new(at);
        assert!(bench.start());
        bench.send(&[vec![1]]);
        let loaded = format!("{}edited\n", text(&bench));
        let point = bench.disk.ops() + 1 + at;
        bench.disk.on_op(Some(move |disk: &SimDisk, op: &Op| {
            if op.number == point {
                disk.user_replace(path_of(0), loaded.as_bytes()).unwrap();
            }
        }));
        bench.send(&[vec![2, 4]]);
        bench.disk.on_op(None::<fn(&SimDisk, &Op)>);
        let now = text(&bench);
        for event in [2, 4] {
            assert_eq!(now.matches(&line_of(event)).count(), 1, "operation {at}: {now}");
        }
    }
}

#[test]
fn a_file_that_is_replaced_while_a_doubt_is_completed_gets_the_entries_too() {
    // An editor may have saved the half entry before: then it is found by its text, and no longer where we had put it.
    for is_replaced_before in [false, true] {
        let mut bench = Bench::new(1);
        assert!(bench.start());
        bench.send(&[vec![1]]);
        let used = text(&bench).len() as u64 + 64;
        bench.disk.capacity(Area::Vaults, Some(used + 30));
        assert!(bench.send(&[vec![2]])[0].is_err());
        bench.disk.capacity(Area::Vaults, None);
        let loaded = text(&bench);
        let half = loaded.strip_prefix(&format!("{HEADER}{}", line_of(1))).unwrap();
        assert!(!half.is_empty() && line_of(2).starts_with(half) && half != line_of(2));
        if is_replaced_before {
            bench.disk.user_replace(path_of(0), loaded.as_bytes()).unwrap();
        }
        // The editor saves between our look and our write of the other half.
        let mut to_save = Some(loaded);
        bench.disk.on_op(Some(move |disk: &SimDisk, op: &Op| {
            if op.kind == OpKind::Write
                && op.path == path_of(0)
                && let Some(loaded) = to_save.take()
            {
                disk.user_replace(path_of(0), loaded.as_bytes()).unwrap();
            }
        }));
        assert!(bench.writer.as_mut().unwrap().retry_incomplete());
        bench.disk.on_op(None::<fn(&SimDisk, &Op)>);
        assert_eq!(
            text(&bench),
            format!("{HEADER}{}{}", line_of(1), line_of(2)),
            "replaced before: {is_replaced_before}"
        );
        assert_eq!(bench.send(&[vec![2]])[0].as_ref().unwrap().skipped, 1);
    }
}

#[test]
fn an_obstacle_in_the_files_place_is_told_and_nothing_is_lost() {
    let mut bench = Bench::new(1);
    assert!(bench.start());
    bench.send(&[vec![12]]);
    bench.disk.user_mkdir("/vault/Audio").unwrap();
    bench.disk.user_mkdir(path_of(0)).unwrap();
    assert!(bench.send(&[vec![1]])[0].is_err());
    bench.disk.user_delete(path_of(0)).unwrap();
    bench.resend_all();
}

#[test]
fn a_folder_that_is_moved_or_replaced_does_not_stop_the_service() {
    let replace: [fn(&Bench); 3] = [
        |_| {},
        |bench| bench.disk.user_symlink("/vault/Audio", "/elsewhere").unwrap(),
        |bench| bench.disk.user_replace("/vault/Audio", b"a file").unwrap(),
    ];
    for put in replace {
        let mut bench = Bench::new(1);
        assert!(bench.start());
        bench.send(&[vec![1]]);
        bench.disk.user_rename("/vault/Audio", "/elsewhere").unwrap();
        put(&bench);
        bench.writer.as_mut().unwrap().checkpoint().unwrap();
        assert_eq!(bench.state(), crate::writer::State::Ready);
        assert!(bench.send(&[vec![12]])[0].is_ok(), "other folders go on");
    }
}

/// The user's own lines, edits of all kinds at any moment, and crashes in between.
#[test]
fn no_byte_of_a_user_is_altered_and_no_entry_is_doubled() {
    for seed in 0..150 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut bench = Bench::new(seed);
        assert!(bench.start());
        let mut mine: Vec<String> = Vec::new();
        for step in 0..40 {
            if rng.random_bool(0.15) {
                bench.kill();
                assert!(bench.start());
            }
            bench.send(&[events(&mut rng)]);
            let line = format!("my line {seed} {step}.");
            edit(&bench, &mut rng, &line);
            if text(&bench).contains(&line) {
                mine.push(line);
            }
            let now = text(&bench);
            for line in &mine {
                assert_eq!(now.matches(line.as_str()).count(), 1, "seed {seed}: {line}");
            }
            for event in &bench.sent {
                let id = super::bench::id_of(*event).to_string();
                assert!(now.matches(&id).count() <= 1, "seed {seed}: event {event} twice");
            }
        }
        let told = bench.send(&[bench.sent.iter().copied().collect()]);
        assert_eq!(told[0].as_ref().unwrap().stored, 0);
    }
}

fn edit(bench: &Bench, rng: &mut StdRng, line: &str) {
    let now = text(bench);
    let mut lines: Vec<&str> = now.lines().collect();
    let at = rng.random_range(0..=lines.len());
    lines.insert(at, line);
    let inserted = lines.join("\n");
    let path = path_of(0);
    match rng.random_range(0..6) {
        0 => bench
            .disk
            .user_replace(path, format!("{inserted}\n").as_bytes())
            .unwrap(),
        1 => bench
            .disk
            .user_rewrite(path, format!("{inserted}\n").as_bytes())
            .unwrap(),
        2 => bench.disk.user_rewrite(path, inserted.as_bytes()).unwrap(),
        3 => bench
            .disk
            .user_rewrite(path, format!("{inserted}\n").replace('\n', "\r\n").as_bytes())
            .unwrap(),
        4 => bench
            .disk
            .user_rewrite(
                path,
                format!("\u{feff}{inserted}")
                    .replace("\u{feff}\u{feff}", "\u{feff}")
                    .as_bytes(),
            )
            .unwrap(),
        _ => {}
    }
}
