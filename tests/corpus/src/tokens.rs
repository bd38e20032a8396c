//! Tokens that people search for, by class. Every text that holds one says so, so that a test can look for it.

use crate::{
    random::Random,
    words::{ADJECTIVES, DOMAINS, GIVEN, NOUNS, VERBS},
};

/// Something that a person would type into a search box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What kind of thing it is, such as `e-mail`.
    pub class: &'static str,
    /// As it was captured.
    pub text: String,
}

/// All classes of tokens.
pub(crate) const CLASSES: [fn(&mut Random) -> Token; 18] = [
    snake_case,
    screaming_case,
    email,
    url,
    path,
    windows_path,
    file_line,
    issue,
    tag,
    price,
    flag,
    time,
    date,
    user,
    key_value,
    comparison,
    element,
    scoped,
];

fn token(class: &'static str, text: String) -> Token {
    Token { class, text }
}

pub(crate) fn any(random: &mut Random) -> Token {
    let class = CLASSES[random.below(CLASSES.len())];
    class(random)
}

fn snake_case(random: &mut Random) -> Token {
    let mut text = format!("{}_{}", random.pick(VERBS), random.pick(NOUNS));
    if random.one_in(3) {
        text = format!("{text}_{}", random.pick(NOUNS));
    }
    if random.one_in(20) {
        text.push('_');
    }
    token("snake_case", text)
}

fn screaming_case(random: &mut Random) -> Token {
    let text = format!(
        "{}_{}_{}",
        random.pick(ADJECTIVES),
        random.pick(NOUNS),
        random.pick(&["MAX", "SIZE", "ID"])
    );
    token("SCREAMING_CASE", text.to_uppercase())
}

fn email(random: &mut Random) -> Token {
    let joint = random.pick(&[".", "_", "-", "+"]);
    let name = random.pick(&["ada", "jonas", "noor", "mateo", "hana", "olga"]);
    token(
        "e-mail",
        format!("{name}{joint}{}@{}", random.pick(NOUNS), random.pick(DOMAINS)),
    )
}

pub(crate) fn url(random: &mut Random) -> Token {
    let path = format!(
        "{}/{}-{}",
        random.pick(NOUNS),
        random.pick(ADJECTIVES),
        random.pick(NOUNS)
    );
    let tail = match random.below(6) {
        0 => format!("?utm_source={}&id={}", random.pick(NOUNS), random.below(9999)),
        1 => format!("#{}_{}", random.pick(NOUNS), random.below(40)),
        2 => format!("/{}_{}.html", random.pick(VERBS), random.pick(NOUNS)),
        3 => format!("/%C3%B1?q={}%20{}", random.pick(NOUNS), random.pick(NOUNS)),
        4 => format!("/blob/main/src/{}.rs#L{}", random.pick(NOUNS), random.below(400)),
        _ => String::new(),
    };
    token("URL", format!("https://{}/{path}{tail}", random.pick(DOMAINS)))
}

fn path(random: &mut Random) -> Token {
    let start = random.pick(&["/usr/local/", "~/", "./", "../", "/home/ana/"]);
    token(
        "path",
        format!(
            "{start}{}_{}/{}.toml",
            random.pick(NOUNS),
            random.below(90),
            random.pick(NOUNS)
        ),
    )
}

fn windows_path(random: &mut Random) -> Token {
    let name = random.pick(NOUNS);
    token(
        "Windows path",
        format!(
            "C:\\Users\\{}\\{name}.docx",
            random.pick(&["ana", "jonas", "Public"])
        ),
    )
}

fn file_line(random: &mut Random) -> Token {
    let extension = random.pick(&["rs", "py", "ts", "go"]);
    let name = if random.one_in(3) {
        format!("{}_{}", random.pick(VERBS), random.pick(NOUNS))
    } else {
        random.pick(NOUNS).to_owned()
    };
    token(
        "file.rs:12",
        format!("{name}.{extension}:{}", random.between(1, 900)),
    )
}

fn issue(random: &mut Random) -> Token {
    token("#123", format!("#{}", random.between(1, 9999)))
}

fn tag(random: &mut Random) -> Token {
    token(
        "#tag",
        format!(
            "#{}{}",
            random.pick(NOUNS),
            random.pick(&["", "2026", "/work", "-open"])
        ),
    )
}

fn price(random: &mut Random) -> Token {
    let cents = random.below(100);
    let text = match random.below(3) {
        0 => format!("${}.{cents:02}", random.below(900)),
        1 => format!("{},{cents:02} €", random.below(900)),
        _ => format!("£{}", random.below(900)),
    };
    token("price", text)
}

fn flag(random: &mut Random) -> Token {
    let text = match random.below(3) {
        0 => format!("--{}-{}", random.pick(VERBS), random.pick(NOUNS)),
        1 => format!("--{}={}", random.pick(VERBS), random.below(100)),
        _ => format!("-{}", random.pick(&["v", "rf", "xvzf", "O2"])),
    };
    token("flag", text)
}

fn time(random: &mut Random) -> Token {
    token("time", format!("{:02}:{:02}", random.below(24), random.below(60)))
}

fn date(random: &mut Random) -> Token {
    token(
        "date",
        format!("2026-{:02}-{:02}", random.between(1, 12), random.between(1, 28)),
    )
}

fn user(random: &mut Random) -> Token {
    let name = random.pick(GIVEN).to_lowercase();
    token("@user", format!("@{name}_{}", random.below(100)))
}

fn key_value(random: &mut Random) -> Token {
    token(
        "key: value",
        format!("{}: {}", random.pick(NOUNS), random.pick(ADJECTIVES)),
    )
}

fn comparison(random: &mut Random) -> Token {
    let operator = random.pick(&["==", "!=", "<=", "&&", "||", "*"]);
    token(
        "a == b",
        format!("{} {operator} {}", random.pick(NOUNS), random.pick(NOUNS)),
    )
}

fn element(random: &mut Random) -> Token {
    token("arr[0]", format!("{}[{}]", random.pick(NOUNS), random.below(10)))
}

fn scoped(random: &mut Random) -> Token {
    token("a::b", format!("{}::{}", random.pick(NOUNS), random.pick(VERBS)))
}
