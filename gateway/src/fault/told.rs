//! Faults that only the service has seen: read back from what its error says.

use openclone_client::{Rule, Segment};

use super::{Fault, Kind};

impl Fault {
    /// The fault that the service describes at a path such as `events[3].data.text`.
    pub(crate) fn told(path: &str, description: String) -> Self {
        // Only the clock lets the service see what the gateway does not.
        let by_the_clock = [Rule::TooEarly, Rule::TooLate];
        let rule = by_the_clock
            .into_iter()
            .find(|rule| rule.to_string() == description);
        Self {
            path: segments(path),
            kind: rule.map_or(Kind::Other(description), Kind::Rule),
        }
    }
}

fn segments(path: &str) -> Vec<Segment> {
    let mut segments = Vec::new();
    for part in path.split(['.', '[']).filter(|part| !part.is_empty()) {
        let inner = part.strip_suffix(']');
        segments.push(match inner.map(str::parse) {
            Some(Ok(index)) => Segment::Index(index),
            Some(Err(_)) => Segment::Key,
            None => part.to_owned().into(),
        });
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_back() {
        let path = vec![
            "events".to_owned().into(),
            3.into(),
            "data".to_owned().into(),
            Segment::Key,
        ];
        assert_eq!(segments("events[3].data[key]"), path);
        assert_eq!(segments(""), []);
    }

    #[test]
    fn what_the_clock_decides_is_worded_as_usual() {
        let told = Fault::told("timestamp", Rule::TooLate.to_string());
        assert_eq!(told.kind, Kind::Rule(Rule::TooLate));
        assert_eq!(
            Fault::told("timestamp", "odd".to_owned()).kind,
            Kind::Other("odd".to_owned())
        );
    }
}
