//! Words that stand where a secret could, and are none.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::head;

/// The longest listed word, in bytes.
const LONGEST: usize = 24;

/// A state of a password, advice, or the name of another field of a form.
#[rustfmt::skip]
static STATES: LazyLock<HashSet<&str>> = LazyLock::new(|| HashSet::from([
    "accepted", "again", "and", "any", "ask", "bad", "basic", "bearer", "blank", "button", "cancel", "change", "changed",
    "check", "clear", "compromised", "confirm", "confirmed", "continue", "copied", "copy", "correct", "created", "default",
    "denied", "digest", "disabled", "does", "done", "email", "e-mail", "empty", "enabled", "entered", "erforderlich",
    "error", "example", "expired", "expires", "failed", "falsch", "false", "field", "first", "forgot", "forgotten", "from",
    "generate", "generated", "has", "hash", "hashed", "here", "hidden", "hide", "hint", "incorrect", "incorrecta", "input",
    "invalid", "invalida", "is", "label", "leave", "length", "link", "locked", "login", "lost", "manager", "masked",
    "match", "matched", "medium", "mismatch", "missing", "must", "name", "needed", "new", "nil", "no", "none", "not", "note",
    "notes", "null", "obligatoria", "off", "ok", "old", "on", "oauth", "optional", "or", "password", "passwords", "pass", "passwd", "pw",
    "pending", "phone", "please", "policy", "private", "prompt", "protected", "public", "query", "redacted", "refresh",
    "register", "regenerated", "remember", "removed", "repeat", "required", "requerida", "reset", "restored", "retry",
    "revoked", "rotate", "rotated", "same", "saved", "secret", "secure", "see", "send", "sent", "set", "settings", "show",
    "sign", "signin", "skip", "soon", "stored", "strength", "string", "strong", "submit", "success", "tbd", "temporary",
    "text", "the", "too", "true", "type", "unchanged", "undefined", "unknown", "unset", "update", "updated", "use", "used",
    "user", "username", "valid", "value", "verified", "verify", "view", "weak", "with", "wrong", "yes", "zurücksetzen",
    "token", "tokens", "key", "keys", "api", "json", "data", "body", "args", "params", "param", "result", "response",
    "request", "config", "options", "self", "this", "super", "await", "async", "return", "function", "lambda", "boolean",
    "olvidada", "olvidaste", "oublié", "vergessen", "esqueceu", "opcional", "ändern", "cambiar", "modifier", "забыт", "забыли", "обязателен", "неверный",
]));

/// Types of programming languages and databases.
#[rustfmt::skip]
static TYPES: LazyLock<HashSet<&str>> = LazyLock::new(|| HashSet::from([
    "any", "mut", "u8", "u16", "usize", "f64", "bool", "bytes", "byte[]", "char", "chararray", "const", "dict", "i32", "i64", "int", "integer", "list",
    "number", "object", "option", "optional", "secretstr", "secretstring", "securestring", "str", "string", "string?",
    "string;", "text", "u32", "u64", "uint8array", "uuid", "varchar", "varchar2", "void", "zeroizing",
]));

/// Ends of a sentence about a secret that a quoted value can be.
#[rustfmt::skip]
const LABELS: &[&str] = &[
    "password", "passwort", "contraseñ", "contrasen", "mot de passe", "senha", "kennwort", "required", "must", "should",
    "invalid", "incorrect", "please", "enter ", "field", "character", "minimum", "at least", "forgot", "confirm", "reset",
    "cannot", "can't", "does not", "do not", "don't", "wrong", "blank", "expired", "obligator", "introduzca", "eingeben",
];

/// Whether `value` says something about a password instead of being one.
pub(crate) fn is_state(value: &str) -> bool {
    let word = value.trim_matches(|c: char| !c.is_alphanumeric());
    word.is_empty() || listed(&STATES, word)
}

/// Whether `value` is the name of a type, with parameters or without.
pub(crate) fn is_type(value: &str) -> bool {
    let name = value.trim_start_matches(['&', '*', '?', '[', ']']);
    let end = name.find(['<', '(', '[', '|', '?', ';']).unwrap_or(name.len());
    listed(&TYPES, &name[..end])
}

/// Whether a quoted `value` is a label, a hint or a message of a form.
pub(crate) fn is_label(value: &str) -> bool {
    let lower = head(value, 96).to_lowercase();
    LABELS.iter().any(|label| lower.contains(label)) && (lower.contains(' ') || !super::has_digit(value))
}

fn listed(words: &'static LazyLock<HashSet<&'static str>>, word: &str) -> bool {
    if word.len() > LONGEST {
        return false;
    }
    let mut lower = [0; LONGEST];
    let lower = &mut lower[..word.len()];
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).is_ok_and(|lower| words.contains(lower))
}
