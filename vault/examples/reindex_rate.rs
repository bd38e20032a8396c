//! Prints how fast an index is rebuilt: `cargo run --release -p openclone-vault --example reindex_rate [EVENTS]`.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::cast_precision_loss)]

use std::{fs, io::Write as _, time::Instant};

use openclone_vault::{EventId, SourceType, VaultDirs, WalOptions, maintenance::Maintenance};

const PER_FILE: u32 = 100_000;

fn main() {
    let events: u32 = std::env::args()
        .nth(1)
        .map_or(2_000_000, |text| text.parse().unwrap());
    let home = std::env::temp_dir().join(format!("openclone-reindex-{}", std::process::id()));
    let vault = home.join("vault");
    fs::create_dir_all(vault.join("Audio")).unwrap();
    for (day, start) in (0..events).step_by(PER_FILE as usize).enumerate() {
        let path = vault.join(format!(
            "Audio/{}.md",
            jiff::civil::date(2026, 1, 1) + jiff::Span::new().days(i64::try_from(day).unwrap())
        ));
        let mut file = std::io::BufWriter::new(fs::File::create(path).unwrap());
        for event in start..events.min(start + PER_FILE) {
            let id = EventId::from_ref("default", SourceType::AudioSystem, "p", &event.to_string());
            writeln!(file, "- **14:30** Google Meet: We discussed the product roadmap for Q2. <!-- [app_name:: Google Meet] [duration:: 60] [confidence:: 0.95] [at:: 2026-02-26T14:30:00+01:00] [ref:: chunk-{event}] [via:: openclone-mac-audio@1.0.0] [device:: \"550e8400\"] --> ^oc-{id}").unwrap();
        }
    }
    let dirs = VaultDirs {
        default: vault,
        tenants: home.join("tenants"),
    };
    let maintenance = Maintenance::new(
        home.join("db"),
        WalOptions::new(home.join("wal")),
        dirs,
        home.join("forgotten"),
    );
    for what in ["a new database", "merging into it"] {
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let done = maintenance.reindex(&mut |_| {}).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        let (rate, megabytes) = (done.entries as f64 / seconds, done.bytes as f64 / 1e6);
        println!(
            "{what}: {} events, {megabytes:.0} MB in {seconds:.2} s: {rate:.0} events/s, {:.2} µs of CPU an event",
            done.entries,
            (cpu_seconds() - cpu) / done.entries as f64 * 1e6
        );
    }
    let start = Instant::now();
    let report = maintenance.fsck(&mut |_| {}).unwrap();
    let rate = f64::from(events) / start.elapsed().as_secs_f64();
    println!("fsck: {rate:.0} events/s, {} faults", report.named.len());
    fs::remove_dir_all(home).unwrap();
}

/// Of all threads, in steps of a hundredth, as Linux tells it; elsewhere 0.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = behind_name.split_whitespace().skip(11).take(2);
    ticks.map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}
