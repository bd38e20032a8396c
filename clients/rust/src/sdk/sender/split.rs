//! Rejected batches: the bad event is set aside, the others are sent again.

use std::sync::atomic::Ordering;

use prost::Message as _;

use super::Sender;
use crate::{
    sdk::{dead_letter, error::Rejected, event::now, spool::Unit},
    stream::{Failure, Violation},
    v1::{Batch, Event},
};

/// Sets aside what the response names. If it names nothing the unit is halved, until it is a single event.
pub(super) fn split(sender: &mut Sender, mut unit: Unit, violations: &[Violation]) -> Result<(), Failure> {
    let mut named: Vec<usize> = violations
        .iter()
        .filter_map(|violation| violation.event)
        .collect();
    named.retain(|index| *index < unit.events.len());
    named.sort_unstable();
    named.dedup();
    if named.is_empty() && unit.events.len() > 1 {
        let behind = Unit {
            events: unit.events.split_off(unit.events.len() / 2),
            header: unit.header.clone(),
            ..unit
        };
        sender.again.push_front(behind);
        sender.again.push_front(unit);
        return Ok(());
    }
    if named.is_empty() {
        named.push(0);
    }
    for (done, index) in named.iter().enumerate() {
        let at = index - done;
        if let Err(error) = set_aside(sender, &unit, at, &reasons(violations, *index)) {
            sender.again.push_front(unit);
            return Err(Failure::again(format!("cannot set an event aside: {error}")));
        }
        unit.events.remove(at);
        sender.shared.counts.rejected.fetch_add(1, Ordering::Relaxed);
        sender.resolve(unit.segment, 1);
    }
    if !unit.events.is_empty() {
        sender.again.push_front(unit);
    }
    Ok(())
}

/// Those of one event, as if it stood alone; those that name none, if it has none of its own.
fn reasons(violations: &[Violation], index: usize) -> Vec<String> {
    let position = format!("events[{index}]");
    let own = violations
        .iter()
        .filter(|violation| violation.event == Some(index));
    let own: Vec<String> = own
        .map(|violation| violation.text.replacen(&position, "events[0]", 1))
        .collect();
    match own.is_empty() {
        true => violations
            .iter()
            .map(|violation| violation.text.clone())
            .collect(),
        false => own,
    }
}

fn set_aside(sender: &Sender, unit: &Unit, at: usize, reasons: &[String]) -> std::io::Result<()> {
    // Both were encoded by this module, and their checksums were right.
    let header = Batch::decode(unit.header.clone())?;
    let event = Event::decode(unit.events[at].clone())?;
    let path = dead_letter::write(
        &sender.shared.state.dead_letter(),
        &header,
        &now(),
        &event,
        reasons,
    )?;
    (sender.shared.options.on_rejected)(&Rejected {
        raw_ref: event.raw_ref().to_owned(),
        reasons: reasons.to_vec(),
        path,
    });
    Ok(())
}
