//! Texts with and without secrets, to measure what redaction finds and what it takes for a secret.
//!
//! Everything comes from a seeded generator: the same seed always gives the same texts.

mod dice;
mod issuers;
mod ordinary;
mod people;
mod written;

pub use dice::Dice;
pub use issuers::{ISSUERS, Issuer};
pub use ordinary::{events, near_misses};
pub use people::{people, personal};

/// A text that contains a secret.
#[derive(Clone, Debug)]
pub struct Positive {
    /// The kind of secret, for reports.
    pub rule: String,
    /// The text around and with the secret.
    pub text: String,
    /// What must not be in the text any more.
    pub secret: String,
}

/// Keys and tokens of all issuers, in every way in which programs and files write them. Those that stand alone also come
/// without a name.
#[must_use]
pub fn keys(seed: u64) -> Vec<Positive> {
    let mut dice = Dice::new(seed);
    let mut all = Vec::new();
    for issuer in ISSUERS {
        for write in written::WAYS {
            let secret = dice.form(issuer.form);
            all.push(Positive {
                rule: issuer.rule.to_owned(),
                text: written::fill(write, issuer.prefix, &secret),
                secret,
            });
        }
        if issuer.stands_alone {
            let secret = dice.form(issuer.form);
            let text = format!("{} {secret} {}", dice.prose(5), dice.prose(5));
            all.push(Positive {
                rule: issuer.rule.to_owned(),
                text,
                secret,
            });
        }
    }
    all
}
