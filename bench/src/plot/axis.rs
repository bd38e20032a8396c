//! Axes: from values to places, and where ticks go.

/// An axis, before it is known what it must hold.
pub(super) struct Axis {
    pub(super) label: String,
    is_logarithmic: bool,
}

/// An axis for certain values.
pub(super) struct Scale {
    low: f64,
    high: f64,
    is_logarithmic: bool,
    pub(super) ticks: Vec<f64>,
}

impl Axis {
    pub(super) fn linear(label: &str) -> Self {
        Self {
            label: label.to_owned(),
            is_logarithmic: false,
        }
    }

    pub(super) fn logarithmic(label: &str) -> Self {
        Self {
            label: label.to_owned(),
            is_logarithmic: true,
        }
    }

    /// Holds all values: linear from zero, logarithmic from the power of ten below them.
    pub(super) fn scale(&self, values: impl Iterator<Item = f64> + Clone) -> Scale {
        let largest = values.clone().fold(f64::MIN_POSITIVE, f64::max);
        if !self.is_logarithmic {
            let step = step(largest / 5.0);
            let count = (largest / step).ceil().max(1.0);
            return Scale {
                low: 0.0,
                high: count * step,
                is_logarithmic: false,
                ticks: (0..=count as u32).map(|tick| f64::from(tick) * step).collect(),
            };
        }
        let positive = values.filter(|value| *value > 0.0);
        let smallest = positive.fold(largest, f64::min);
        let (from, to) = (smallest.log10().floor() as i32, largest.log10().ceil() as i32);
        let to = to.max(from + 1);
        Scale {
            low: 10_f64.powi(from),
            high: 10_f64.powi(to),
            is_logarithmic: true,
            ticks: (from..=to).map(|power| 10_f64.powi(power)).collect(),
        }
    }
}

impl Scale {
    /// 0 at the axis' beginning, 1 at its end.
    pub(super) fn position(&self, value: f64) -> f64 {
        if self.is_logarithmic {
            let value = value.max(self.low);
            (value / self.low).log10() / (self.high / self.low).log10()
        } else {
            value / self.high
        }
    }
}

/// The next of 1, 2, 2.5, 5, 10 times a power of ten.
fn step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let wanted = least / power;
    let round = [1.0, 2.0, 2.5, 5.0].into_iter().find(|round| *round >= wanted);
    round.unwrap_or(10.0) * power
}

/// A tick's number as people write it.
pub(crate) fn number(value: f64) -> String {
    if value < 1.0 && value > 0.0 {
        return format!("{value}");
    }
    if value.fract() > 0.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_all_values() {
        let scale = Axis::linear("").scale([3.0, 430_000.0].into_iter());
        assert_eq!(scale.ticks.last(), Some(&500_000.0));
        assert!((scale.position(250_000.0) - 0.5).abs() < 1e-9);
        let scale = Axis::logarithmic("").scale([1.0, 500.0].into_iter());
        assert_eq!(scale.ticks, [1.0, 10.0, 100.0, 1000.0]);
        assert!((scale.position(10.0) - 1.0 / 3.0).abs() < 1e-9);
        assert_eq!(number(1_250_000.0), "1,250,000");
        assert_eq!(number(0.1), "0.1");
    }
}
