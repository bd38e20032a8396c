//! Events of all source types.

use serde_json::{Value, json};

use crate::{
    code,
    prose::{mailbox, name, paragraph, sentence, title},
    random::Random,
    tokens::{self, Token},
    words::{ADJECTIVES, APPS, DOMAINS, GIVEN, NOUNS},
};

/// An event as a plugin sends it.
#[derive(Clone, Debug)]
pub struct CorpusEvent {
    /// Such as `audio_system`.
    pub source_type: &'static str,
    /// The plugin that sent it.
    pub plugin_id: &'static str,
    /// Its name for the event.
    pub raw_ref: Option<String>,
    /// Unix milliseconds.
    pub timestamp: i64,
    /// What was captured.
    pub data: Value,
    /// What a person would search for, and find in the event's text.
    pub tokens: Vec<Token>,
}

/// How many of a hundred events are of a source type, and which plugin sends them.
const SHARES: [(&str, &str, usize); 15] = [
    ("audio_system", "openclone-mac-audio", 12),
    ("audio_mic", "openclone-mac-audio", 6),
    ("screen_ocr", "openclone-mac-screen", 20),
    ("journal", "voice-journal", 2),
    ("web_browsing", "openclone-browser", 14),
    ("music", "lastfm-scrobbler", 4),
    ("health", "healthkit-sync", 3),
    ("calendar", "eventkit-sync", 3),
    ("notes", "notes-import", 4),
    ("gps", "phone-location", 6),
    ("photos", "photo-library", 3),
    ("email", "mail-envelopes", 6),
    ("messaging", "signal-previews", 8),
    ("activity", "window-activity", 6),
    ("braindump", "quick-capture", 3),
];

/// 2026-02-26T06:00:00+01:00.
const MORNING: i64 = 1_772_082_000_000;
const HOUR: i64 = 3_600_000;

/// So many events, spread over a day; each source type has its share.
#[must_use]
pub fn events(seed: u64, count: usize) -> Vec<CorpusEvent> {
    let mut random = Random::new(seed);
    (0..count).map(|index| event(&mut random, index, count)).collect()
}

fn event(random: &mut Random, index: usize, count: usize) -> CorpusEvent {
    let (source_type, plugin_id) = share(random.below(100));
    let through_the_day = i64::try_from(index * 16 * 3_600_000 / count.max(1)).unwrap_or(0);
    let late = if random.one_in(50) {
        random.between(1, 30)
    } else {
        0
    };
    let timestamp = MORNING + through_the_day - i64::try_from(late).unwrap_or(0) * HOUR;
    let mut tokens = Vec::new();
    let data = data(source_type, random, timestamp, &mut tokens);
    CorpusEvent {
        source_type,
        plugin_id,
        raw_ref: (!random.one_in(9)).then(|| format!("{source_type}-{index}")),
        timestamp,
        data,
        tokens,
    }
}

fn share(mut percent: usize) -> (&'static str, &'static str) {
    for (source_type, plugin_id, share) in SHARES {
        if percent < share {
            return (source_type, plugin_id);
        }
        percent -= share;
    }
    (SHARES[0].0, SHARES[0].1)
}

fn data(source_type: &str, random: &mut Random, timestamp: i64, found: &mut Vec<Token>) -> Value {
    match source_type {
        "audio_system" => json!({
            "text": paragraph(random, 2, found), "app_name": random.pick(APPS),
            "duration": random.between(5, 90), "confidence": round(random, 0.7),
        }),
        "audio_mic" => {
            json!({"text": paragraph(random, 2, found), "duration": 12.5, "confidence": round(random, 0.5)})
        }
        "screen_ocr" => screen(random, found),
        "journal" => {
            json!({"text": format!("{}\n\n{}", paragraph(random, 3, found), paragraph(random, 2, found)), "duration": 31})
        }
        "web_browsing" => web(random, found),
        "music" => json!({
            "track": title(random, found), "artist": random.pick(&["AC/DC", "Paco de Lucía", "P!nk", "*NSYNC", "deadmau5 & friends"]),
            "album": random.pick(&["1989", "Fuente y caudal", "+", "(What's the Story)", "÷"]), "duration": random.between(90, 700),
        }),
        "health" => json!({
            "steps": random.below(20_000), "heart_rate": random.between(50, 160), "sleep_hours": 7.5,
            "weight_kg": 72.4, "mood": random.pick(ADJECTIVES),
        }),
        "calendar" => calendar(random, timestamp, found),
        "notes" => json!({
            "title": title(random, found), "text": code::screen(random, found),
            "tags": ["work", format!("#{}", random.pick(NOUNS))],
        }),
        "gps" => json!({
            "lat": 40.4168 + round(random, 0.1), "lon": -3.7038 - round(random, 0.1), "accuracy": random.between(3, 60),
            "place_name": format!("{} {} (2º)", random.pick(&["Calle", "Plaza", "C/"]), random.pick(NOUNS)),
        }),
        "photos" => json!({
            "filename": format!("IMG_{:04}.HEIC", random.below(9999)), "location": "Madrid", "timestamp": timestamp / 1000,
        }),
        "email" => mail(random, found),
        "messaging" => json!({
            "platform": random.pick(&["telegram", "signal", "whatsapp"]), "from": random.pick(GIVEN),
            "preview": if random.one_in(4) { code::screen(random, found) } else { sentence(random, found) },
        }),
        "activity" => json!({
            "app_name": random.pick(APPS), "duration": random.below(5000), "category": random.pick(&["work", "play", "R&D"]),
        }),
        _ => braindump(random, found),
    }
}

fn screen(random: &mut Random, found: &mut Vec<Token>) -> Value {
    let mut data = json!({"text": code::screen(random, found), "app_name": random.pick(APPS)});
    if random.one_in(2) {
        data["window_title"] = title(random, found).into();
    }
    if random.one_in(3) {
        data["url"] = tokens::url(random).text.into();
    }
    data
}

fn web(random: &mut Random, found: &mut Vec<Token>) -> Value {
    let url = tokens::url(random);
    let data = json!({
        "url": url.text, "title": title(random, found), "domain": random.pick(DOMAINS), "reading_time": random.below(1500),
    });
    found.push(url);
    data
}

fn calendar(random: &mut Random, timestamp: i64, found: &mut Vec<Token>) -> Value {
    let minute = timestamp / 60_000 % (16 * 60);
    let hour = 6 + minute / 60;
    json!({
        "title": title(random, found),
        "start": format!("2026-02-26T{hour:02}:{:02}:00+01:00", minute % 60),
        "end": format!("2026-02-26T{hour:02}:59:30+01:00"),
        "attendees": (0..random.below(8)).map(|_| mailbox(random)).collect::<Vec<_>>(),
        "location": random.pick(&["Room 5", "Microsoft Teams Meeting", "C/ Mallorca 12, 3º 2ª", ""]),
    })
}

fn mail(random: &mut Random, found: &mut Vec<Token>) -> Value {
    json!({
        "subject": format!("{}{}", random.pick(&["", "Re: ", "Fwd: ", "[team] "]), title(random, found)),
        "from": mailbox(random),
        "to": (0..random.between(1, 5)).map(|_| mailbox(random)).collect::<Vec<_>>(),
        "date": "Thu, 26 Feb 2026 14:00:00 +0100",
    })
}

fn braindump(random: &mut Random, found: &mut Vec<Token>) -> Value {
    json!({
        "text": if random.one_in(2) { code::screen(random, found) } else { paragraph(random, 3, found) },
        "mood": random.pick(ADJECTIVES), "score": round(random, 0.0), "nested": {"by": name(random), "list": [1, "two", null]},
        "trust": "mine", "due": "2026-03-01", "odd key": true,
    })
}

fn round(random: &mut Random, from: f64) -> f64 {
    let hundredths = u32::try_from(random.below(100)).unwrap_or(0);
    from + f64::from(hundredths) / 400.0
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn all_source_types_are_there_and_a_seed_says_it_all() {
        let (one, other) = (events(7, 2000), events(7, 2000));
        let types: BTreeSet<_> = one.iter().map(|event| event.source_type).collect();
        assert_eq!(types.len(), SHARES.len());
        assert!(
            one.iter()
                .zip(&other)
                .all(|(a, b)| a.data == b.data && a.timestamp == b.timestamp)
        );
        assert_eq!(SHARES.iter().map(|(.., share)| share).sum::<usize>(), 100);
    }
}
