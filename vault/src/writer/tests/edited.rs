//! Recovery of files that editors and formatters have changed before a power loss.

use super::bench::{Bench, HEADER, id_of, line_of, path_of, started};
use crate::fs::sim::Area;

/// The name of a change, and what it makes of a file.
type Edit = (&'static str, fn(&str) -> String);

/// What editors and formatters make of a daily file.
const EDITS: [Edit; 10] = [
    ("a blank behind each id", |text| text.replace('\n', " \n")),
    ("tabs behind each id", |text| text.replace('\n', "\t\t\n")),
    ("CRLF", |text| text.replace('\n', "\r\n")),
    ("a blank and CRLF", |text| text.replace('\n', " \r\n")),
    ("other bullets", |text| text.replace("\n- ", "\n* ")),
    ("plus as bullet", |text| text.replace("\n- ", "\n+ ")),
    ("task boxes", |text| text.replace("\n- ", "\n- [ ] ")),
    ("nesting", |text| text.replace("\n- ", "\n\t- ")),
    ("ids on lines of their own", |text| {
        text.replace(" ^oc-", "\n  ^oc-")
    }),
    ("a line at the top", |text| {
        text.replacen("\n- ", "\n- mine\n- ", 1)
    }),
];

/// A writer whose daily file is there, durably.
fn with_file() -> Bench {
    let mut bench = started(1);
    bench.send(&[vec![3_001]]);
    bench.writer.as_mut().unwrap().checkpoint().unwrap();
    bench
}

fn text(bench: &Bench) -> String {
    String::from_utf8(bench.disk.read(path_of(0)).unwrap()).unwrap()
}

fn times(text: &str, event: u32) -> usize {
    text.matches(&id_of(event).to_string()).count()
}

#[test]
fn recovery_after_a_power_loss_recognises_entries_that_an_editor_changed() {
    for (what, edit) in EDITS {
        for in_place in [false, true] {
            let mut bench = with_file();
            assert!(bench.send(&[vec![1, 2], vec![4]]).iter().all(Result::is_ok));
            let edited = edit(&text(&bench));
            if in_place {
                bench.disk.user_rewrite(path_of(0), edited.as_bytes()).unwrap();
            } else {
                bench.disk.user_replace(path_of(0), edited.as_bytes()).unwrap();
            }
            bench.power_loss(1);
            assert!(bench.start());
            let recovered = text(&bench);
            assert!(recovered == edited, "{what}, in place: {in_place}");
            let told = bench.send(&[vec![1, 2, 4]]);
            assert_eq!(told[0].as_ref().unwrap().stored, 0, "{what}");
            for event in [1, 2, 4] {
                assert_eq!(times(&text(&bench), event), 1, "{what}, event {event}");
            }
        }
    }
}

#[test]
fn recovery_appends_an_event_that_is_only_linked_to() {
    let mut bench = with_file();
    bench.send(&[vec![1]]);
    let link = format!("{HEADER}- see [[Audio/2026-02-01#^oc-{}]]\n", id_of(1));
    bench.disk.user_replace(path_of(0), link.as_bytes()).unwrap();
    bench.power_loss(1);
    assert!(bench.start());
    assert_eq!(text(&bench), format!("{link}{}", line_of(1)));
}

#[test]
fn recovery_reads_an_edited_file_once_and_not_once_per_group() {
    const GROUPS: u32 = 1_000;
    for in_place in [false, true] {
        let mut bench = with_file();
        for group in 0..GROUPS {
            assert!(bench.send(&[vec![group * 3 + 1]])[0].is_ok());
        }
        let mine = format!("{HEADER}- a line of mine\n");
        let edited = text(&bench).replacen(HEADER, &mine, 1);
        if in_place {
            bench.disk.user_rewrite(path_of(0), edited.as_bytes()).unwrap();
        } else {
            bench.disk.user_replace(path_of(0), edited.as_bytes()).unwrap();
        }
        bench.power_loss(1);
        let before = bench.disk.bytes_read();
        assert!(bench.start());
        let read = bench.disk.bytes_read() - before;
        // Once to find all ids, twice to compare each entry where its group and its marker say that it begins, once where it is.
        let most = edited.len() as u64 * 4 + u64::from(GROUPS) * 64;
        assert!(read <= most, "{read} bytes read of a file with {}", edited.len());
        assert!(text(&bench) == edited, "in place: {in_place}");
    }
}

#[test]
fn a_fragment_that_a_user_wrote_behind_is_reported_and_its_entry_appended_again() {
    for restarts in [false, true] {
        let mut bench = started(1);
        bench.send(&[vec![1]]);
        let used = text(&bench).len() as u64 + 64;
        bench.disk.capacity(Area::Vaults, Some(used + 30));
        assert!(bench.send(&[vec![2]])[0].is_err());
        bench.disk.capacity(Area::Vaults, None);
        let half = text(&bench);
        assert!(
            !half.contains(&line_of(2)) && half.contains(&line_of(2)[..20]),
            "{half}"
        );
        bench
            .disk
            .user_append(path_of(0), b" is mine\n- so is this\n")
            .unwrap();
        let edited = text(&bench);
        if restarts {
            bench.kill();
            assert!(bench.start());
        } else {
            assert!(bench.writer.as_mut().unwrap().retry_incomplete());
        }
        assert_eq!(text(&bench), format!("{edited}{}", line_of(2)));
        assert_eq!(bench.writer.as_ref().unwrap().stats().fragments, 1);
        assert_eq!(bench.send(&[vec![2]])[0].as_ref().unwrap().skipped, 1);
    }
}

#[test]
fn what_a_user_wrote_in_place_of_an_entry_is_no_fragment() {
    let mut bench = started(1);
    bench.send(&[vec![1]]);
    let before = text(&bench);
    bench.disk.capacity(Area::Vaults, Some(before.len() as u64 + 64));
    assert!(bench.send(&[vec![2]])[0].is_err());
    bench.disk.capacity(Area::Vaults, None);
    bench
        .disk
        .user_rewrite(path_of(0), format!("{before}- **mine**\n").as_bytes())
        .unwrap();
    assert!(bench.writer.as_mut().unwrap().retry_incomplete());
    assert_eq!(text(&bench), format!("{before}- **mine**\n{}", line_of(2)));
    assert_eq!(bench.writer.as_ref().unwrap().stats().fragments, 0);
}

#[test]
fn acknowledged_events_come_back_when_the_vaults_disk_lost_its_dirty_pages_within_one_boot() {
    let mut lost = 0;
    for seed in 0..30 {
        let mut bench = started(seed);
        bench.send(&[vec![1]]);
        bench.writer.as_mut().unwrap().checkpoint().unwrap();
        bench.send(&[vec![2, 4], vec![7]]);
        bench.disk.replug(seed);
        bench.writer = None;
        lost += usize::from(times(&text(&bench), 7) == 0);
        assert!(bench.start());
        bench.check("after the disk came back");
        bench.resend_all();
    }
    assert!(lost > 0, "nothing was ever lost");
}

#[test]
fn without_an_identity_recovery_reads_the_bytes_instead_of_trusting_the_marker() {
    let mut bench = started(1);
    bench.disk.hide_identity();
    bench.send(&[vec![1, 2], vec![4]]);
    let before = text(&bench);
    bench.kill();
    assert!(bench.start());
    assert_eq!(text(&bench), before);
    bench.check("after the crash");
    bench.resend_all();
}
