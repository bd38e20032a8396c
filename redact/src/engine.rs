//! Compiled rules, and the one pass in which they look at a text.
//!
//! Keywords are found in one scan. Each hands over to its rule, which looks at a bounded number of bytes around it; only a
//! secret that was found is read to its end, and no rule looks into a secret that it found. So the time is linear in the
//! text, whatever the text.

mod build;
mod pass;

use regex::Regex;

use crate::Secret;
use crate::expression::Expression;
use crate::keywords::Keywords;
use crate::marker::{self, Span};
use crate::rules::{Kind, Name, Token};
use crate::{card, pair};

/// A marker may reveal what only its surroundings had hidden from a rule; built-in rules need one pass, and a second
/// that confirms it.
const PASSES: usize = 4;

/// All rules, compiled.
#[derive(Debug)]
pub(crate) struct Engine {
    /// Names of rules, which are written into markers.
    names: Vec<String>,
    keywords: Keywords,
    /// What a keyword leads to, by its number.
    finders: Vec<Finder>,
    /// Rules of the configuration without keywords, which look at every text.
    always: Vec<(usize, Regex)>,
    allow: Vec<Regex>,
    /// Whether numbers that identify a person are secrets.
    personal: bool,
    /// Whether card numbers are secrets.
    cards: bool,
    ids: RuleIds,
}

/// Numbers of rules that are found without a keyword, or by more than one.
#[derive(Clone, Copy, Debug)]
struct RuleIds {
    private_key: usize,
    password: usize,
    secret: usize,
    url_password: usize,
    card: usize,
    iban: usize,
    national_id: usize,
    phone: usize,
}

/// What a keyword leads to.
#[derive(Debug)]
enum Finder {
    Token {
        rule: usize,
        token: &'static Token,
        pattern: std::sync::Arc<Expression>,
    },
    Name(&'static Name),
    /// An own key of the service, whatever its form.
    Own {
        rule: usize,
        key: String,
    },
    /// A rule of the configuration; it looks at the whole text, once.
    Extra {
        rule: usize,
        pattern: std::sync::Arc<Regex>,
    },
    PrivateKey,
    Command(Command),
}

/// Words of programs whose arguments are secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Curl,
    CurlUser,
    Machine,
    Login,
    Wifi,
    Kind,
}

impl Engine {
    /// The text without its secrets and their number, or `None` if it has none.
    pub(crate) fn redact(&self, text: &str) -> Option<(String, u32)> {
        let (mut text, mut count) = self.pass(text)?;
        for _ in 1..PASSES {
            let Some((again, more)) = self.pass(&text) else {
                break;
            };
            (text, count) = (again, count.saturating_add(more));
        }
        Some((text, count))
    }

    /// The secrets, from left to right.
    pub(crate) fn locate(&self, text: &str) -> Vec<Secret<'_>> {
        let secret = |span: Span| Secret {
            start: span.start,
            end: span.end,
            rule: &self.names[span.rule],
        };
        self.spans(text).into_iter().map(secret).collect()
    }

    /// The rule and the kind of secret that a member's key declares for its value.
    pub(crate) fn declares(&self, key: &str) -> Option<Kind> {
        let mut declared = None;
        self.keywords.each(key, |at, number| {
            if let Finder::Name(name) = &self.finders[number]
                && let Some(name) = pair::whole_key(key, at, name)
            {
                declared = declared.max(Some(name.kind));
            }
        });
        declared
    }

    /// Whether a name of secrets occurs anywhere in `text`.
    pub(crate) fn mentions_name(&self, text: &str) -> bool {
        let mut found = false;
        self.keywords.each(text, |_, number| {
            found |= matches!(self.finders[number], Finder::Name(_));
        });
        found
    }

    /// The marker of a secret that a key of `kind` declares.
    pub(crate) fn marker_of(&self, kind: Kind) -> String {
        let rule = self.rule_of(kind);
        marker::marker(&self.names[rule])
    }

    fn rule_of(&self, kind: Kind) -> usize {
        match kind {
            Kind::Password | Kind::MaybePassword => self.ids.password,
            Kind::Secret | Kind::MaybeSecret => self.ids.secret,
        }
    }

    /// The fewest digits of a number that may be a secret.
    pub(crate) fn shortest_number(&self) -> usize {
        match (self.always.is_empty(), self.personal) {
            (false, _) => 0,
            (true, true) => 8,
            (true, false) => card::SHORTEST,
        }
    }

    /// Whether no rule has anything to say about `text`, be it a key or a value. False does not mean the contrary.
    pub(crate) fn is_harmless(&self, text: &str) -> bool {
        text.len() < self.shortest_number() && !self.keywords.any(text)
    }

    /// Whether the configuration says that this is no secret.
    pub(crate) fn allows(&self, found: &str) -> bool {
        self.allow.iter().any(|allowed| allowed.is_match(found))
    }

    /// Whether `text` is just a marker.
    pub(crate) fn is_marker(&self, text: &str) -> bool {
        self.markers(text)
            .first()
            .is_some_and(|marker| marker.len() == text.len())
    }

    /// The spans of all secrets, sorted and apart.
    pub(crate) fn spans(&self, text: &str) -> Vec<Span> {
        let markers = self.markers(text);
        let mut spans = pass::Pass::new(self, text, &markers).run();
        if spans.is_empty() {
            return spans;
        }
        marker::respect(&markers, &mut spans);
        marker::merge(spans)
    }

    /// The text with `spans` replaced.
    pub(crate) fn replace(&self, text: &str, spans: &[Span]) -> String {
        marker::replace(text, spans, |rule| &self.names[rule])
    }

    fn pass(&self, text: &str) -> Option<(String, u32)> {
        let spans = self.spans(text);
        if spans.is_empty() {
            return None;
        }
        Some((
            self.replace(text, &spans),
            u32::try_from(spans.len()).unwrap_or(u32::MAX),
        ))
    }

    fn markers(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        // Most markers are of the rule of the one before.
        let mut last = 0;
        marker::markers(text, |name| {
            let known = |rule: &String| rule == name;
            self.names.get(last).is_some_and(known)
                || self
                    .names
                    .iter()
                    .position(known)
                    .inspect(|rule| last = *rule)
                    .is_some()
        })
    }
}
