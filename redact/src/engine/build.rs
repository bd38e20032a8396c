//! Compiles the built-in rules and those of the configuration.

use std::collections::HashMap;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::{Command, Engine, Finder, RuleIds};
use crate::config::{ExtraRule, Mode, RedactConfig, RedactError};
use crate::expression::Expression;
use crate::keywords::{Keywords, PREFIX};
use crate::marker::LONGEST_NAME;
use crate::pem;
use crate::rules::{
    CARD, IBAN, NAMES, NATIONAL_ID, PASSWORD, PHONE, PRIVATE_KEY, SECRET, TOKENS, URL_PASSWORD,
};

/// Bytes of one compiled expression from the configuration.
const REGEX_BYTES: usize = 1 << 20;
/// The rule of the service's own keys.
const OWN: &str = "openclone";

const COMMANDS: &[(&str, Command)] = &[
    ("curl", Command::Curl),
    (" -u", Command::CurlUser),
    ("--user", Command::CurlUser),
    ("machine ", Command::Machine),
    ("login ", Command::Login),
    ("wifi:", Command::Wifi),
    ("kind:", Command::Kind),
];

impl Engine {
    /// Compiles the rules of `config`, and one for `own` keys of the service, which are redacted in every mode.
    pub(crate) fn new(config: &RedactConfig, own: &[String]) -> Result<Self, RedactError> {
        let mut build = Build::default();
        build.built_in(config.mode);
        for key in own.iter().filter(|key| key.len() >= PREFIX) {
            let rule = build.rule(OWN);
            build.keyword(
                key,
                Finder::Own {
                    rule,
                    key: key.clone(),
                },
            );
        }
        let mut always = Vec::new();
        let extras = if config.mode == Mode::Off {
            &[][..]
        } else {
            &config.rules
        };
        for extra in extras {
            always.extend(build.extra(extra)?);
        }
        let allow = config
            .allow
            .iter()
            .map(|pattern| compile_allow(pattern))
            .collect::<Result<_, _>>()?;
        build.finish(config.mode, always, allow)
    }
}

#[derive(Default)]
struct Build {
    names: Vec<String>,
    words: Vec<String>,
    finders: Vec<Finder>,
    numbers: HashMap<String, usize>,
}

impl Build {
    /// The number of the rule of that name.
    fn rule(&mut self, name: &str) -> usize {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }

    fn keyword(&mut self, word: &str, finder: Finder) {
        self.words.push(word.to_owned());
        self.finders.push(finder);
    }

    fn built_in(&mut self, mode: Mode) {
        self.rule(PRIVATE_KEY);
        for token in TOKENS
            .iter()
            .filter(|token| mode != Mode::Off || token.name == OWN)
        {
            let rule = self.rule(token.name);
            let pattern = Arc::new(Expression::anchored(token.pattern));
            for word in token.keywords {
                let pattern = Arc::clone(&pattern);
                self.keyword(word, Finder::Token { rule, token, pattern });
            }
        }
        for name in [URL_PASSWORD, PASSWORD, SECRET, CARD, IBAN, NATIONAL_ID, PHONE] {
            self.rule(name);
        }
        if mode == Mode::Off {
            return;
        }
        self.keyword(pem::BEGIN, Finder::PrivateKey);
        for (word, command) in COMMANDS {
            self.keyword(word, Finder::Command(*command));
        }
        for name in NAMES {
            self.keyword(name.text, Finder::Name(name));
        }
    }

    /// The rule and its expression, if it has no keywords that can be searched for.
    fn extra(&mut self, extra: &ExtraRule) -> Result<Option<(usize, Regex)>, RedactError> {
        let name = extra.name.clone();
        let letters = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !letters || !(1..=LONGEST_NAME).contains(&name.len()) {
            return Err(RedactError::Name { name });
        }
        if self.numbers.contains_key(&name) {
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
        let rule = self.rule(&name);
        if extra.keywords.is_empty() || extra.keywords.iter().any(|word| word.len() < PREFIX) {
            return Ok(Some((rule, regex)));
        }
        let pattern = Arc::new(regex);
        for word in &extra.keywords {
            let pattern = Arc::clone(&pattern);
            self.keyword(word, Finder::Extra { rule, pattern });
        }
        Ok(None)
    }

    fn finish(
        mut self,
        mode: Mode,
        always: Vec<(usize, Regex)>,
        allow: Vec<Regex>,
    ) -> Result<Engine, RedactError> {
        let ids = RuleIds {
            private_key: self.rule(PRIVATE_KEY),
            password: self.rule(PASSWORD),
            secret: self.rule(SECRET),
            url_password: self.rule(URL_PASSWORD),
            card: self.rule(CARD),
            iban: self.rule(IBAN),
            national_id: self.rule(NATIONAL_ID),
            phone: self.rule(PHONE),
        };
        let keywords = Keywords::new(self.words.iter().map(String::as_str)).ok_or(RedactError::TooMany)?;
        Ok(Engine {
            names: self.names,
            keywords,
            finders: self.finders,
            always,
            allow,
            personal: mode == Mode::SecretsAndPersonal,
            cards: mode != Mode::Off,
            ids,
        })
    }
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
