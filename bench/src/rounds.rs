//! A load in several rounds, of which one counts: that during which the host took least of the processors.
//!
//! On a shared host other guests take a tenth or a third of the machine, for seconds or for minutes, and what is measured
//! then is theirs. A round is chosen by what the host took and never by its measurements, so the choice favours nobody.

use crate::load::Report;

/// What was measured, of one load.
pub(crate) trait Measured {
    /// Share of the processors' time that the host took meanwhile, 0 to 1; none where the system does not tell.
    fn stolen(&self) -> Option<f64>;
}

impl Measured for Report {
    fn stolen(&self) -> Option<f64> {
        self.stolen
    }
}

/// Two loads that are compared are one round, as noisy as the noisier of them.
impl Measured for (Report, Option<Report>) {
    fn stolen(&self) -> Option<f64> {
        let other = self.1.as_ref().and_then(|report| report.stolen);
        [self.0.stolen, other].into_iter().flatten().reduce(f64::max)
    }
}

/// Keeps `now` if it was quieter than `kept`, or is the first.
pub(crate) fn keep<T: Measured>(kept: &mut Option<T>, now: T) {
    let taken = |round: &T| round.stolen().unwrap_or(0.0);
    if kept.as_ref().is_none_or(|kept| taken(&now) < taken(kept)) {
        *kept = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurements::tests::row;

    struct Round(Option<f64>, u32);

    impl Measured for Round {
        fn stolen(&self) -> Option<f64> {
            self.0
        }
    }

    fn kept(rounds: impl IntoIterator<Item = Option<f64>>) -> Option<u32> {
        let mut kept = None;
        for (number, stolen) in (0..).zip(rounds) {
            keep(&mut kept, Round(stolen, number));
        }
        kept.map(|round| round.1)
    }

    #[test]
    fn the_quietest_counts_and_of_equals_the_first() {
        assert_eq!(kept([]), None);
        assert_eq!(kept([Some(0.2), Some(0.01), Some(0.1)]), Some(1));
        assert_eq!(kept([Some(0.1), Some(0.1)]), Some(0));
        assert_eq!(kept([None, None]), Some(0));
    }

    #[test]
    fn a_pair_is_as_noisy_as_the_noisier_of_the_two() {
        let pair = |one, other: Option<f64>| {
            let mut pair = (row(500, 1.0, None).report, Some(row(500, 2.0, None).report));
            pair.0.stolen = one;
            pair.1 = pair.1.map(|report| Report {
                stolen: other,
                ..report
            });
            pair
        };
        assert_eq!(pair(Some(0.1), Some(0.3)).stolen(), Some(0.3));
        assert_eq!(pair(Some(0.2), Some(0.1)).stolen(), Some(0.2));
        assert_eq!(pair(Some(0.2), None).stolen(), Some(0.2));
        assert_eq!(pair(None, None).stolen(), None);
    }
}
