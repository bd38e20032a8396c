//! One table for each kind of measurements.

use std::fmt::{Result, Write as _};

use crate::{
    load::Report,
    measurements::{Measurements, Pair},
    peers,
    peers::Outcome,
    person,
    scale::Step,
    sweep::Sweep,
    tenants,
};

pub(super) fn service(page: &mut String, measurements: &Measurements) -> Result {
    page.push_str("\n## The service\n\n");
    baseline(page, measurements)?;
    page.push_str("| Way | Senders | Events a batch | Events/s | Of the baseline | p50 ms | p99 ms | CPU µs an event | Peak MiB | Written for a byte of Markdown | The host took |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    for pair in &measurements.rows {
        let row = &pair.report;
        let of_baseline = measurements.of_baseline(pair);
        let of_baseline = of_baseline.map_or("–".to_owned(), |share| format!("{share:.2}"));
        let rate = row
            .rate
            .map_or(String::new(), |rate| format!(", {}/s on schedule", whole(rate)));
        let (p50, p99) = times(row);
        let (micros, peak) = cost(row);
        writeln!(
            page,
            "| {}{rate} | {} | {} | {} | {of_baseline} | {p50} | {p99} | {micros} | {peak} | {} | {} |",
            peers::name(row.transport),
            row.senders,
            row.batch,
            whole(row.events_per_second),
            row.written_a_byte
                .map_or("–".to_owned(), |bytes| format!("{bytes:.1}")),
            taken(pair),
        )?;
    }
    Ok(())
}

fn baseline(page: &mut String, measurements: &Measurements) -> Result {
    const WHAT: &str = "The baseline (decoded, rendered, appended; no dedup, no journal, no sync)";
    match (measurements.own_baselines(), measurements.baseline()) {
        (Some((lowest, highest)), _) => writeln!(
            page,
            "{WHAT} was measured right after each row that is flat out: {} to {} events/s.\n",
            whole(lowest),
            whole(highest)
        ),
        (None, Some(common)) => writeln!(page, "{WHAT} was {} events/s in the same run.\n", whole(common)),
        (None, None) => Ok(()),
    }
}

/// What the host took during the row, and during its baseline.
fn taken(row: &Pair) -> String {
    let own_baseline = row.own_baseline.as_ref();
    let beside = own_baseline.map_or(String::new(), |baseline| {
        format!(", {}", percent(baseline.stolen))
    });
    percent(row.report.stolen) + &beside
}

pub(super) fn sweep(page: &mut String, sweep: &Sweep) -> Result {
    page.push_str(
        "\n![Throughput by batch size](throughput.svg)\n\n![Response time by load](responses.svg)\n\n",
    );
    page.push_str(
        "| Events/s, on schedule | Stored/s | p50 ms | p99 ms | p99.9 ms | The host took |\n|--:|--:|--:|--:|--:|--:|\n",
    );
    for row in &sweep.rates {
        writeln!(
            page,
            "| {} | {} | {:.2} | {:.1} | {:.1} | {} |",
            whole(row.rate.unwrap_or_default()),
            whole(row.events_per_second),
            row.p50,
            row.p99,
            row.p999,
            percent(row.stolen),
        )?;
    }
    Ok(())
}

pub(super) fn peers(page: &mut String, outcomes: &[Outcome]) -> Result {
    page.push_str("\n## Others, with the same events\n\n| | Events a batch | Events/s | p99 ms | The service | Times as fast | The host took |\n|---|--:|--:|--:|--:|--:|--:|\n");
    for outcome in outcomes {
        for compared in &outcome.loads {
            let (peer, ours) = (&compared.peer, &compared.service);
            writeln!(
                page,
                "| {} | {} | {} | {:.1} | {} ({}) | {:.1} | {}, {} |",
                outcome.name,
                peer.batch,
                whole(peer.events_per_second),
                peer.p99,
                whole(ours.events_per_second),
                peers::name(ours.transport),
                compared.ratio(),
                percent(peer.stolen),
                percent(ours.stolen),
            )?;
        }
    }
    page.push('\n');
    for outcome in outcomes {
        match &outcome.left_out {
            Some(why) => writeln!(page, "- {}: left out: {why}", outcome.name)?,
            None => writeln!(page, "- {}: {}", outcome.name, outcome.lacks)?,
        }
    }
    Ok(())
}

pub(super) fn scale(page: &mut String, steps: &[Step]) -> Result {
    page.push_str("\n## A large index\n\n![Throughput by ids in the index](scale-throughput.svg)\n\n![Memory by ids in the index](scale-memory.svg)\n\n");
    page.push_str("| Ids | Events/s | Of an empty index | At rest MiB | Peak MiB | Ready ms | Filter full s | Without a kept one s | p99.9 ms | p99.9 ms while merging | Merges | Disk bytes an id |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    for step in steps {
        let peak = step.full.server.as_ref().map_or(0.0, |usage| usage.peak_mib);
        writeln!(
            page,
            "| {} | {} | {:.2} | {:.0} | {peak:.0} | {:.0} | {:.1} | {} | {:.1} | {:.1} | {} | {} |",
            whole(step.ids as f64),
            whole(step.full.events_per_second),
            step.full.events_per_second / step.empty_events_per_second,
            step.resident_mib,
            step.ready_ms,
            step.filter_seconds,
            step.filter_anew_seconds
                .map_or("–".to_owned(), |seconds| format!("{seconds:.1}")),
            step.steady.p999,
            step.busy.p999,
            step.merges,
            step.disk_bytes_an_id
                .map_or("–".to_owned(), |bytes| format!("{bytes:.1}")),
        )?;
    }
    Ok(())
}

pub(super) fn tenants(page: &mut String, report: &tenants::Report) -> Result {
    page.push_str("\n## Many tenants\n\n| Tenants, in turn | Events a batch | Events/s | p50 ms | p99 ms | Batches a group | Syncs a group that callers wait for | With those of checkpoints | Most descriptors | Peak MiB |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    let syncs = |count: Option<f64>| count.map_or("–".to_owned(), |count| format!("{count:.2}"));
    writeln!(
        page,
        "| {} | {} | {} | {:.1} | {:.1} | {:.1} | {} | {} | {} | {:.0} |",
        whole(report.tenants as f64),
        report.batch,
        whole(report.events_per_second),
        report.p50,
        report.p99,
        report.batches_a_group,
        syncs(report.waited_for_a_group),
        syncs(report.syncs_a_group),
        report.most_descriptors,
        report.peak_mib
    )
}

pub(super) fn person(page: &mut String, report: &person::Report) -> Result {
    let (idle, one) = (&report.idle, &report.one_a_second);
    page.push_str("\n## For one person\n\n| | |\n|---|--:|\n");
    writeln!(page, "| Binary | {:.1} MiB |", report.binary_mib)?;
    writeln!(page, "| Start to ready | {:.0} ms |", report.ready_ms)?;
    writeln!(
        page,
        "| The first start, in a new home | {:.0} ms |",
        report.first_ready_ms
    )?;
    writeln!(page, "| Memory, idle | {:.1} MiB |", report.idle_mib)?;
    writeln!(
        page,
        "| {:.0} s idle: CPU, wake-ups, bytes written | {:.2} s, {:.0}, {:.0} |",
        idle.seconds, idle.cpu_seconds, idle.wake_ups, idle.written_bytes
    )?;
    writeln!(
        page,
        "| One event a second for {:.0} s: CPU, wake-ups an event, bytes written an event | {:.2} s, {:.1}, {} |",
        one.seconds,
        one.cpu_seconds,
        report.wake_ups_an_event,
        whole(report.bytes_an_event)
    )?;
    writeln!(page, "| Memory after that | {:.1} MiB |", report.mib_after)
}

/// Percentiles of a stream flat out say how long its queue is.
fn times(row: &Report) -> (String, String) {
    if row.transport == crate::load::Transport::Stream && row.rate.is_none() {
        return ("–".to_owned(), "–".to_owned());
    }
    (format!("{:.1}", row.p50), format!("{:.1}", row.p99))
}

fn cost(row: &Report) -> (String, String) {
    row.server
        .as_ref()
        .map_or(("–".to_owned(), "–".to_owned()), |usage| {
            let micros = usage.cpu_seconds * 1e6 / (row.stored as f64).max(1.0);
            (format!("{micros:.1}"), format!("{:.0}", usage.peak_mib))
        })
}

fn percent(share: Option<f64>) -> String {
    share.map_or("–".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

pub(super) fn whole(value: f64) -> String {
    crate::plot::number(value.round())
}
