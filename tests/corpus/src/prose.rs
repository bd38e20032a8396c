//! What people write and say: sentences, chats, mails.

use crate::{
    random::Random,
    tokens::{self, Token},
    words::{ADJECTIVES, DOMAINS, EMOJI, FAMILY, GIVEN, LANGUAGES, NOUNS, VERBS},
};

/// A sentence; what can be searched for in it goes to `found`.
pub(crate) fn sentence(random: &mut Random, found: &mut Vec<Token>) -> String {
    let (noun, other, verb, adjective) = (
        random.pick(NOUNS),
        random.pick(NOUNS),
        random.pick(VERBS),
        random.pick(ADJECTIVES),
    );
    match random.below(14) {
        0 => random.pick(LANGUAGES).to_owned(),
        1 => format!("{} {}", random.pick(LANGUAGES), random.pick(EMOJI)),
        2 => format!(
            "We have to {verb} the {adjective} {noun} before the {other} is late {}",
            random.pick(EMOJI)
        ),
        3 => format!(
            "I'd rather {verb} it myself – the {noun} isn't {adjective} yet… (see [[{noun} {other}]])"
        ),
        4 => format!(
            "“{adjective} {noun}”, said {}, “is 5 * 3 = 15, not 5 < 3 & 2 > 1”",
            random.pick(GIVEN)
        ),
        5 => format!("E = mc^2 and $\\sum_{{i=0}}^n x_i$ for the {noun}"),
        6 => format!("TODO: {verb} the *{noun}* and the _{other}_, `{noun}.{verb}()` fails"),
        7 => format!("50% off the {noun} <3 :) a/b {adjective}-{other}"),
        _ => {
            let token = tokens::any(random);
            let text = match random.below(4) {
                0 => format!("Please {verb} {} for the {noun}", token.text),
                1 => format!("{} is the {adjective} one", token.text),
                2 => format!("The {noun}, {}, was {adjective}.", token.text),
                _ => format!("did you see {}?", token.text),
            };
            found.push(token);
            text
        }
    }
}

/// Several sentences in one paragraph.
pub(crate) fn paragraph(random: &mut Random, sentences: usize, found: &mut Vec<Token>) -> String {
    let all: Vec<String> = (0..sentences).map(|_| sentence(random, found)).collect();
    all.join(" ")
}

pub(crate) fn name(random: &mut Random) -> String {
    format!("{} {}", random.pick(GIVEN), random.pick(FAMILY))
}

/// A person as a mail's header has it.
pub(crate) fn mailbox(random: &mut Random) -> String {
    let name = name(random);
    let address = format!("{}@{}", random.pick(NOUNS), random.pick(DOMAINS));
    match random.below(4) {
        0 => address,
        1 => format!("\"{name}\" <{address}>"),
        _ => format!("{name} <{address}>"),
    }
}

/// A title of a page, window or note.
pub(crate) fn title(random: &mut Random, found: &mut Vec<Token>) -> String {
    let (noun, adjective) = (random.pick(NOUNS), random.pick(ADJECTIVES));
    match random.below(8) {
        0 => format!(
            "Issue #{}: `{noun}()` panics on {adjective} input · owner/{noun}",
            random.below(9999)
        ),
        1 => format!("★ {adjective} {noun} — 50% off *today only* | Shop"),
        2 => format!("C# 12: What's new? | {noun}.NET"),
        3 => format!("[{noun}] {adjective} (draft) – Wiki"),
        4 => format!("{noun}_{adjective}.py - {noun} - Visual Studio Code"),
        5 => random.pick(LANGUAGES).to_owned(),
        6 => format!("({}) {adjective} {noun}", random.below(40)),
        _ => sentence(random, found),
    }
}
