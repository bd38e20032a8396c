//! Local times without asking the time zone for each of them.
//!
//! Batches come one after another, and nearly all times in them lie between the same two transitions of the zone. So each
//! thread keeps what the zone last said, for the next batch.

use std::cell::RefCell;

use jiff::{Timestamp, tz::TimeZone};

use super::{DAY_SECONDS, floor_seconds};

/// A moment as a local clock shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LocalTime {
    /// Seconds since 1970-01-01T00:00:00 on that clock.
    pub(crate) seconds: i64,
    /// Seconds that the clock is ahead of UTC.
    pub(crate) offset: i32,
    /// The clock shows this time twice.
    pub(crate) twice: bool,
}

/// A clock in one zone that remembers the offset until the next transition.
#[derive(Clone, Debug)]
pub(crate) struct LocalClock {
    zone: TimeZone,
    window: Window,
}

/// Unix seconds between which the offset stays: `from <= t < until`. Times before `twice_until` and from
/// `twice_from` on are shown twice, because the clock was or will be set back.
#[derive(Clone, Copy, Debug)]
struct Window {
    from: i64,
    until: i64,
    twice_until: i64,
    twice_from: i64,
    offset: i32,
}

impl LocalTime {
    /// Days since 1970-01-01.
    pub(crate) fn day(self) -> i64 {
        self.seconds.div_euclid(DAY_SECONDS)
    }

    /// Seconds since midnight.
    pub(crate) fn second_of_day(self) -> u32 {
        u32::try_from(self.seconds.rem_euclid(DAY_SECONDS)).unwrap_or_default()
    }
}

thread_local! {
    /// What a zone last said on this thread.
    static LAST: RefCell<Option<LocalClock>> = const { RefCell::new(None) };
}

impl LocalClock {
    pub(crate) fn new(zone: TimeZone) -> Self {
        let known = LAST.with_borrow(|last| last.as_ref().filter(|last| last.zone == zone).map(|last| last.window));
        let empty = Window {
            from: 0,
            until: 0,
            twice_until: 0,
            twice_from: 0,
            offset: 0,
        };
        Self {
            zone,
            window: known.unwrap_or(empty),
        }
    }

    /// What the clock shows at `timestamp`.
    pub(crate) fn at(&mut self, timestamp: Timestamp) -> LocalTime {
        let unix = floor_seconds(timestamp);
        if unix < self.window.from || unix >= self.window.until {
            self.window = window(&self.zone, timestamp);
            LAST.set(Some(self.clone()));
        }
        let Window {
            twice_until,
            twice_from,
            offset,
            ..
        } = self.window;
        LocalTime {
            seconds: unix + i64::from(offset),
            offset,
            twice: unix < twice_until || unix >= twice_from,
        }
    }
}

fn window(zone: &TimeZone, timestamp: Timestamp) -> Window {
    let offset = zone.to_offset(timestamp).seconds();
    let mut found = Window {
        from: i64::MIN,
        until: i64::MAX,
        twice_until: i64::MIN,
        twice_from: i64::MAX,
        offset,
    };
    // `preceding` leaves out a transition at the very moment; transitions are whole seconds.
    let after = Timestamp::from_second(floor_seconds(timestamp) + 1).unwrap_or(timestamp);
    if let Some(last) = zone.preceding(after).next() {
        found.from = last.timestamp().as_second();
        let before =
            Timestamp::from_second(found.from - 1).map_or(offset, |then| zone.to_offset(then).seconds());
        found.twice_until = found.from + i64::from((before - offset).max(0));
    }
    if let Some(next) = zone.following(timestamp).next() {
        found.until = next.timestamp().as_second();
        found.twice_from = found.until - i64::from((offset - next.offset().seconds()).max(0));
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_hour_that_occurs_twice_is_known_both_times() {
        let mut clock = LocalClock::new(TimeZone::get("Europe/Madrid").unwrap());
        let table = [
            ("2026-10-24T23:59:59Z", 7199, 7200, false),
            ("2026-10-25T00:00:00Z", 7200, 7200, true),
            ("2026-10-25T00:59:59Z", 10799, 7200, true),
            ("2026-10-25T01:00:00Z", 7200, 3600, true),
            ("2026-10-25T01:59:59Z", 10799, 3600, true),
            ("2026-10-25T02:00:00Z", 10800, 3600, false),
            ("2026-03-29T00:59:59Z", 7199, 3600, false),
            ("2026-03-29T01:00:00Z", 10800, 7200, false),
        ];
        for (at, second, offset, twice) in table {
            let time = clock.at(at.parse().unwrap());
            assert_eq!(
                (time.second_of_day(), time.offset, time.twice),
                (second, offset, twice),
                "{at}"
            );
        }
    }

    proptest! {
        #[test]
        fn it_shows_what_the_zone_says(
            zone in prop::sample::select(vec![
                "UTC", "Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu",
                "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Caracas", "Antarctica/Troll",
            ]),
            moments in prop::collection::vec(1_577_836_800_000_i64..4_102_444_800_000, 1..20),
        ) {
            let zone = TimeZone::get(zone).unwrap();
            let mut clock = LocalClock::new(zone.clone());
            for moment in moments {
                let timestamp = Timestamp::from_millisecond(moment).unwrap();
                let time = clock.at(timestamp);
                let local = zone.to_datetime(timestamp);
                let shown = TimeZone::UTC.to_datetime(Timestamp::from_second(time.seconds).unwrap());
                prop_assert_eq!(shown, local.with().subsec_nanosecond(0).build().unwrap());
                let fold = matches!(
                    zone.to_ambiguous_timestamp(local).offset(), jiff::tz::AmbiguousOffset::Fold { .. }
                );
                prop_assert_eq!(time.twice, fold);
            }
        }
    }
}
