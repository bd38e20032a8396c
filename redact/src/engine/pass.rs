//! One look at a text.

use std::ops::Range;

use super::{Command, Engine, Finder};
use crate::expression::Expression;
use crate::marker::{self, Span};
use crate::pem::Footers;
use crate::rules::{Kind, Name, Token};
use crate::words::head;
use crate::{card, commands, pair, pem, personal};

/// Bytes of a text that the pattern of a token sees, at most.
const WINDOW: usize = 1400;
/// Bytes between the words of one command, at most.
const COMMAND: usize = 1024;
/// The longest chain of words with hyphens in which a token may begin, in bytes.
const CHAIN: usize = 80;
/// Kubernetes secrets that are read in one text; each costs a look at two kilobytes.
const MANIFESTS: u32 = 64;

/// What is found in one text, and what was seen on the way.
pub(super) struct Pass<'e, 't> {
    engine: &'e Engine,
    text: &'t str,
    markers: &'t [Range<usize>],
    spans: Vec<Span>,
    /// The end of the last secret of each rule; empty until one is found.
    done: Vec<usize>,
    footers: Footers,
    curl: Option<usize>,
    machine: Option<usize>,
    login: Option<usize>,
    manifests: u32,
}

impl<'e, 't> Pass<'e, 't> {
    pub(super) fn new(engine: &'e Engine, text: &'t str, markers: &'t [Range<usize>]) -> Self {
        Self {
            engine,
            text,
            markers,
            spans: Vec::new(),
            done: Vec::new(),
            footers: Footers::default(),
            curl: None,
            machine: None,
            login: None,
            manifests: 0,
        }
    }

    pub(super) fn run(mut self) -> Vec<Span> {
        let engine = self.engine;
        engine
            .keywords
            .each(self.text, |at, number| self.keyword(at, &engine.finders[number]));
        for (rule, regex) in &engine.always {
            self.extra(*rule, regex);
        }
        let text = self.text;
        let ids = engine.ids;
        if engine.cards {
            card::find(text, |start, end| self.found(ids.card, start..end));
        }
        if engine.personal {
            personal::find_ibans(text, |range| self.found(ids.iban, range));
            personal::find_national_ids(text, |range| self.found(ids.national_id, range));
            personal::find_phones(text, |range| self.found(ids.phone, range));
        }
        self.spans
    }

    fn keyword(&mut self, at: usize, finder: &Finder) {
        if marker::containing(self.markers, at).is_some() {
            return;
        }
        match finder {
            Finder::Token { rule, token, pattern } => self.token(at, *rule, token, pattern),
            Finder::Name(name) => self.name(at, name),
            Finder::Own { rule, key } => {
                if self.text.as_bytes()[at..].starts_with(key.as_bytes()) {
                    self.found(*rule, at..at + key.len());
                }
            }
            Finder::Extra { rule, pattern } => {
                if self.done(*rule) == 0 {
                    self.extra(*rule, pattern);
                    self.finish(*rule, usize::MAX);
                }
            }
            Finder::PrivateKey => {
                let rule = self.engine.ids.private_key;
                if at >= self.done(rule)
                    && let Some(range) = pem::find(self.text, at, &mut self.footers)
                {
                    self.found(rule, range);
                }
            }
            Finder::Command(command) => self.command(at, *command),
        }
    }

    fn token(&mut self, at: usize, rule: usize, token: &Token, pattern: &Expression) {
        let Some(start) = at.checked_sub(token.back) else {
            return;
        };
        let text = self.text;
        if start < self.done(rule)
            || !text.is_char_boundary(start)
            || (token.edge && !begins_word(text, start))
        {
            return;
        }
        let window = head(&text[start..], WINDOW);
        let Some(groups) = pattern.get().captures(window) else {
            return;
        };
        let Some(secret) = groups.get(1).or_else(|| groups.get(0)) else {
            return;
        };
        let (from, matched) = (start + secret.start(), start + secret.end());
        let near = head(&text[matched..], WINDOW).as_bytes();
        let judged = matched + token.tail.length(near);
        if (token.check)(&text[from..judged]) {
            let end = matched + token.tail.length(&text.as_bytes()[matched..]);
            self.found(rule, from..end);
        } else {
            // No token begins within one that is rejected: what was judged is not read again.
            self.finish(rule, judged);
        }
    }

    fn name(&mut self, at: usize, name: &Name) {
        let rule = self.engine.rule_of(name.kind);
        if at < self.done(rule) {
            return;
        }
        let netrc = name.kind == Kind::Password && self.is_netrc(at);
        let range = match netrc {
            true => commands::netrc(self.text, at + name.text.len()),
            false => pair::find(self.text, at, name),
        };
        if let Some(range) = range
            && marker::containing(self.markers, range.start).is_none()
        {
            self.found(rule, range);
        }
    }

    fn is_netrc(&self, at: usize) -> bool {
        let near = |seen: Option<usize>| seen.is_some_and(|seen| at - seen < 256);
        near(self.machine) && near(self.login) && self.login > self.machine
    }

    fn command(&mut self, at: usize, command: Command) {
        let ids = self.engine.ids;
        match command {
            Command::Curl => self.curl = Some(at),
            Command::Machine => self.machine = Some(at),
            Command::Login => self.login = Some(at),
            Command::CurlUser => {
                let end = at + if self.text[at..].starts_with(" -u") { 3 } else { 6 };
                let near = self.curl.is_some_and(|curl| at - curl < COMMAND);
                if near && let Some(range) = commands::curl_user(self.text, end) {
                    self.found(ids.url_password, range);
                }
            }
            Command::Wifi => {
                if let Some(range) = commands::wifi(self.text, at) {
                    self.found(ids.password, range);
                }
            }
            Command::Kind if self.manifests < MANIFESTS => {
                let mut found = Vec::new();
                commands::kubernetes(self.text, at, |range| found.push(range));
                self.manifests += 1;
                for range in found {
                    self.found(ids.secret, range);
                }
            }
            Command::Kind => {}
        }
    }

    fn extra(&mut self, rule: usize, regex: &regex::Regex) {
        for groups in regex.captures_iter(self.text) {
            if let Some(secret) = groups.get(1).or_else(|| groups.get(0)) {
                self.found(rule, secret.range());
            }
        }
    }

    fn done(&self, rule: usize) -> usize {
        self.done.get(rule).copied().unwrap_or_default()
    }

    fn finish(&mut self, rule: usize, end: usize) {
        if self.done.is_empty() {
            self.done = vec![0; self.engine.names.len()];
        }
        self.done[rule] = self.done[rule].max(end);
    }

    fn found(&mut self, rule: usize, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        self.finish(rule, range.end);
        if self.engine.allows(&self.text[range.clone()]) {
            return;
        }
        self.spans.push(Span {
            start: range.start,
            end: range.end,
            rule,
        });
    }
}

/// Whether no letter, digit or underscore stands before the byte `at`, and not too long a chain of words with hyphens: in
/// such a chain each word would be read to its end.
fn begins_word(text: &str, at: usize) -> bool {
    let before = &text.as_bytes()[..at];
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    match before.last() {
        Some(b'-') => {
            let chain = before.iter().rev().take(CHAIN);
            chain.take_while(|&byte| word(byte) || *byte == b'-').count() < CHAIN
        }
        last => !last.is_some_and(word),
    }
}
