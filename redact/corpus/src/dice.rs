//! Random choices that are the same in each run.

/// A generator of random numbers and texts.
#[derive(Clone, Debug)]
pub struct Dice(u64);

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "the", "team", "met", "about", "our", "roadmap", "and", "agreed", "on", "a", "date", "for", "release", "with", "Ana", "review",
    "design", "customers", "want", "export", "before", "summer", "reunión", "mañana", "budget", "talk", "notes", "draft", "send",
    "later", "meeting", "moved", "to", "Thursday", "coffee", "train", "was", "late", "again", "photos", "from", "Lisbon", "nice",
];

impl Dice {
    /// A generator that starts at `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number from 0 to `limit - 1`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        let mixed = (self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (((mixed >> 32) * limit as u64) >> 32) as usize
    }

    /// One of `choices`.
    pub fn pick<'c>(&mut self, choices: &[&'c str]) -> &'c str {
        choices[self.below(choices.len())]
    }

    /// `length` characters of `class`, written as in a regular expression, without the brackets.
    pub fn characters(&mut self, class: &str, length: usize) -> String {
        let alphabet = expand(class);
        (0..length)
            .map(|_| alphabet[self.below(alphabet.len())])
            .collect()
    }

    /// A form with each `[class]{n}` filled in.
    pub fn form(&mut self, form: &str) -> String {
        let mut text = String::new();
        let mut rest = form;
        while let Some(open) = rest.find('[') {
            text.push_str(&rest[..open]);
            let close = open + rest[open..].find("]{").unwrap_or(0);
            let end = close + rest[close..].find('}').unwrap_or(0);
            let length = rest[close + 2..end].parse().unwrap_or(0);
            text.push_str(&self.characters(&rest[open + 1..close], length));
            rest = &rest[end + 1..];
        }
        text.push_str(rest);
        text
    }

    /// Ordinary words.
    pub fn prose(&mut self, words: usize) -> String {
        let words: Vec<&str> = (0..words).map(|_| self.pick(WORDS)).collect();
        words.join(" ")
    }
}

fn expand(class: &str) -> Vec<char> {
    let characters: Vec<char> = class.chars().collect();
    let mut all = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        match characters[at..] {
            [from, '-', to, ..] if from.is_ascii_alphanumeric() && to.is_ascii_alphanumeric() => {
                all.extend(from..=to);
                at += 3;
            }
            _ => {
                all.push(characters[at]);
                at += 1;
            }
        }
    }
    all
}
