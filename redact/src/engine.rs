//! Compiled rules, and the order in which they look at a text.

use std::ops::ControlFlow;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::{Regex, RegexBuilder};

use super::config::{ExtraRule, RedactConfig, RedactError};
use super::expression::Expression;
use super::rule::{CARD, Find, PASSWORD, RULES, SECRET};
use super::scan::Scan;
use super::span::{self, Span};
use super::{Secret, card, pair, pem};

/// A marker may lay open what only its surroundings had hidden from a rule of the configuration; built-in rules need
/// one round.
const ROUNDS: usize = 8;
/// Bytes of one compiled expression from the configuration.
const REGEX_BYTES: usize = 1 << 20;

/// All rules, compiled.
#[derive(Debug)]
pub(super) struct Engine {
    rules: Vec<Compiled>,
    /// Index of the rule for card numbers, which has no keyword.
    card: usize,
    keywords: AhoCorasick,
    /// Whether there is any of them; `None` if one is too short for that.
    scan: Option<Scan>,
    /// Which rule a keyword of `keywords` belongs to.
    owners: Vec<usize>,
    /// Rules without keywords, tried on every text.
    always: Vec<usize>,
    allow: Vec<Regex>,
}

#[derive(Debug)]
struct Compiled {
    name: String,
    finder: Finder,
}

#[derive(Debug)]
enum Finder {
    Token(Expression, fn(&str) -> bool),
    PrivateKey(Expression),
    Password(Expression),
    Secret(Expression),
    Card,
}

impl Engine {
    pub(super) fn new(config: &RedactConfig) -> Result<Self, RedactError> {
        let mut rules = built_in();
        let card = rules.len() - 1;
        let keywords_of = |index: usize| RULES.get(index).map_or(&[][..], |rule| rule.keywords);
        let mut keywords: Vec<(String, usize)> = (0..rules.len())
            .flat_map(|i| keywords_of(i).iter().map(move |word| ((*word).to_owned(), i)))
            .collect();
        let mut always = Vec::new();
        for extra in &config.rules {
            let compiled = compile_extra(extra, &rules)?;
            if extra.keywords.is_empty() {
                always.push(rules.len());
            }
            keywords.extend(extra.keywords.iter().map(|word| (word.clone(), rules.len())));
            rules.push(compiled);
        }
        let (words, owners): (Vec<String>, Vec<usize>) = keywords.into_iter().unzip();
        let scan = Scan::new(words.iter().map(String::as_str));
        let keywords = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .prefilter(false)
            .build(words)?;
        let allow = config
            .allow
            .iter()
            .map(|pattern| compile_allow(pattern))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            rules,
            card,
            keywords,
            scan,
            owners,
            always,
            allow,
        })
    }

    /// The text without its secrets and their number, or `None` if it has none.
    pub(super) fn redact(&self, text: &str) -> Option<(String, u32)> {
        let first = self.round(text)?;
        let again = (1..ROUNDS).try_fold(first, |(text, count), _| match self.round(&text) {
            Some((redacted, more)) => ControlFlow::Continue((redacted, count + more)),
            None => ControlFlow::Break((text, count)),
        });
        match again {
            ControlFlow::Continue(done) | ControlFlow::Break(done) => Some(done),
        }
    }

    /// Where the secrets are, in order.
    pub(super) fn locate(&self, text: &str) -> Vec<Secret<'_>> {
        let spans = self.spans(text);
        let secret = |span: Span| Secret {
            start: span.start,
            rule: &self.rules[span.rule].name,
        };
        spans.into_iter().map(secret).collect()
    }

    /// Whether a key's words say that its value is a password or another secret.
    pub(super) fn is_keyword_of_pairs(&self, key: &str) -> bool {
        self.hit(key).is_some_and(|hit| {
            hit.iter()
                .zip(&self.rules)
                .any(|(hit, rule)| *hit && matches!(rule.name.as_str(), PASSWORD | SECRET))
        })
    }

    /// Whether rules of the configuration want to see every text, however short.
    pub(super) fn looks_at_everything(&self) -> bool {
        self.rules.len() > self.card + 1
    }

    /// Whether no rule has anything to say to `text`, be it a key or a value. False does not mean the contrary.
    pub(super) fn is_harmless(&self, text: &str) -> bool {
        text.len() < card::SHORTEST
            && self.always.is_empty()
            && self.scan.as_ref().is_some_and(|scan| !scan.hits(text))
    }

    /// Whether the configuration says that this is no secret.
    pub(super) fn allows(&self, found: &str) -> bool {
        self.allow.iter().any(|allowed| allowed.is_match(found))
    }

    /// Whether `text` is just a marker.
    pub(super) fn is_marker(&self, text: &str) -> bool {
        self.markers(text)
            .first()
            .is_some_and(|marker| marker.len() == text.len())
    }

    fn round(&self, text: &str) -> Option<(String, u32)> {
        let spans = self.spans(text);
        if spans.is_empty() {
            return None;
        }
        let redacted = span::replace(text, &spans, |rule| span::marker(&self.rules[rule].name));
        Some((redacted, u32::try_from(spans.len()).unwrap_or(u32::MAX)))
    }

    fn spans(&self, text: &str) -> Vec<Span> {
        let mut spans = Vec::new();
        if let Some(hit) = self.hit(text) {
            for rule in (0..self.rules.len()).filter(|&rule| hit[rule]) {
                self.find(rule, text, &mut spans);
            }
        }
        for &rule in &self.always {
            self.find(rule, text, &mut spans);
        }
        self.find(self.card, text, &mut spans);
        if spans.is_empty() {
            return spans;
        }
        span::respect(&self.markers(text), &mut spans);
        span::merge(spans)
    }

    /// Which rules have a keyword in the text; `None` if none has, as nearly always.
    fn hit(&self, text: &str) -> Option<Vec<bool>> {
        if self.scan.as_ref().is_some_and(|scan| !scan.hits(text)) {
            return None;
        }
        // The plain search is several times as fast as the overlapping one.
        let first = self.keywords.find(text)?;
        let mut hit = vec![false; self.rules.len()];
        // A keyword that ends later may start earlier, but none ends before the first one does.
        let from = (first.end().saturating_sub(self.keywords.max_pattern_len())..=first.start())
            .find(|&at| text.is_char_boundary(at))
            .unwrap_or_default();
        for keyword in self.keywords.find_overlapping_iter(&text[from..]) {
            hit[self.owners[keyword.pattern().as_usize()]] = true;
        }
        Some(hit)
    }

    fn find(&self, rule: usize, text: &str, spans: &mut Vec<Span>) {
        let found = |start: usize, end: usize| {
            if start < end && !self.allows(&text[start..end]) {
                spans.push(Span { start, end, rule });
            }
        };
        match &self.rules[rule].finder {
            Finder::Token(token, check) => tokens(token.get(), *check, text, found),
            Finder::PrivateKey(header) => pem::find(header.get(), text, found),
            Finder::Password(names) => pair::find_passwords(names.get(), text, found),
            Finder::Secret(names) => pair::find_secrets(names.get(), text, found),
            Finder::Card => card::find(text, found),
        }
    }

    fn markers(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        span::markers(text, |name| self.rules.iter().any(|rule| rule.name == name))
    }
}

fn tokens(regex: &Regex, check: fn(&str) -> bool, text: &str, mut found: impl FnMut(usize, usize)) {
    for groups in regex.captures_iter(text) {
        if let Some(secret) = groups.get(1).or_else(|| groups.get(0))
            && check(secret.as_str())
        {
            found(secret.start(), secret.end());
        }
    }
}

fn built_in() -> Vec<Compiled> {
    let finder = |find: &Find| match find {
        Find::Token(pattern, check) => Finder::Token(Expression::later(pattern), *check),
        Find::PrivateKey => Finder::PrivateKey(Expression::later(pem::HEADER)),
        Find::Password => Finder::Password(Expression::later(pair::PASSWORD)),
        Find::Secret => Finder::Secret(Expression::later(pair::SECRET)),
    };
    let mut rules: Vec<Compiled> = RULES
        .iter()
        .map(|rule| Compiled {
            name: rule.name.to_owned(),
            finder: finder(&rule.find),
        })
        .collect();
    rules.push(Compiled {
        name: CARD.to_owned(),
        finder: Finder::Card,
    });
    rules
}

fn compile_extra(extra: &ExtraRule, taken: &[Compiled]) -> Result<Compiled, RedactError> {
    let name = extra.name.clone();
    let letters = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !letters || !(1..=32).contains(&name.len()) {
        return Err(RedactError::Name { name });
    }
    if taken.iter().any(|rule| rule.name == name) {
        return Err(RedactError::Taken { name });
    }
    if extra.keywords.iter().any(String::is_empty) {
        return Err(RedactError::Keyword { name });
    }
    let regex = match RegexBuilder::new(&extra.regex).size_limit(REGEX_BYTES).build() {
        Ok(regex) => regex,
        Err(error) => {
            return Err(RedactError::Regex {
                name,
                source: Box::new(error),
            });
        }
    };
    if regex.is_match("") {
        return Err(RedactError::Empty { name });
    }
    Ok(Compiled {
        name,
        finder: Finder::Token(regex.into(), |_| true),
    })
}

fn compile_allow(pattern: &str) -> Result<Regex, RedactError> {
    RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(REGEX_BYTES)
        .build()
        .map_err(|error| RedactError::Allow {
            pattern: pattern.to_owned(),
            source: Box::new(error),
        })
}
