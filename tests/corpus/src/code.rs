//! What stands on screens: code, terminals, tables, diffs, logs.

use crate::{
    prose::sentence,
    random::Random,
    tokens::{self, Token},
    words::{ADJECTIVES, GIVEN, NOUNS, VERBS},
};

/// A text of many lines as a screen shows it.
pub(crate) fn screen(random: &mut Random, found: &mut Vec<Token>) -> String {
    match random.below(9) {
        0 => python(random),
        1 => rust(random),
        2 => terminal(random, found),
        3 => table(random),
        4 => diff(random),
        5 => log(random, found),
        6 => document(random, found),
        7 => markup(random),
        _ => chat(random, found),
    }
}

fn python(random: &mut Random) -> String {
    let (verb, noun) = (random.pick(VERBS), random.pick(NOUNS));
    format!(
        "import os, sys\n\n\ndef {verb}_{noun}(items, *args, **kwargs):\n    \"\"\"Return the {noun}s.\"\"\"\n    \
         for i, item in enumerate(items):\n        if item[\"{noun}\"] == {} and i % 2 == 0:\n\t\t\tyield item[i]  # {}\n\n\n\
         class {}:\n    def __init__(self):\n        self.__{noun} = {{}}",
        random.below(100),
        random.pick(ADJECTIVES),
        noun.to_uppercase(),
    )
}

fn rust(random: &mut Random) -> String {
    let (verb, noun) = (random.pick(VERBS), random.pick(NOUNS));
    format!(
        "#[derive(Debug)]\npub struct {noun}<'a> {{\n    items: Vec<&'a str>,\n}}\n\nimpl<'a> {noun}<'a> {{\n    \
         pub fn {verb}(&self) -> Option<std::io::Result<()>> {{\n        self.items.iter().map(|x| x.len()).max() // {}\n    }}\n}}",
        random.below(999),
    )
}

fn terminal(random: &mut Random, found: &mut Vec<Token>) -> String {
    let mut lines = vec![format!(
        "\u{1b}[32mana@host\u{1b}[0m:~/src/{}$ ls -la | grep \"^d\" > out.txt",
        random.pick(NOUNS)
    )];
    for _ in 0..random.between(2, 8) {
        let token = tokens::any(random);
        lines.push(match random.below(4) {
            0 => format!(
                "error[E0{}]: {} --> src/{}.rs:{}:{}",
                random.below(999),
                token.text,
                random.pick(NOUNS),
                random.below(99),
                random.below(80)
            ),
            1 => format!(
                "drwxr-xr-x  {} ana  staff   {} {}",
                random.below(20),
                random.below(9999),
                token.text
            ),
            2 => format!("  {} ", token.text),
            _ => format!("$ {} {}", random.pick(VERBS), token.text),
        });
        found.push(token);
    }
    lines.push("1. done".to_owned());
    lines.push("---".to_owned());
    lines.join("\n")
}

fn table(random: &mut Random) -> String {
    let mut lines = vec![
        "| Name | Count | % |".to_owned(),
        "|:-----|------:|---|".to_owned(),
    ];
    for _ in 0..random.between(1, 5) {
        lines.push(format!(
            "| {} | {} | {}% |",
            random.pick(NOUNS),
            random.below(5000),
            random.below(100)
        ));
    }
    lines.push("+------+-------+".to_owned());
    lines.join("\n")
}

fn diff(random: &mut Random) -> String {
    let noun = random.pick(NOUNS);
    format!(
        "diff --git a/{noun}.c b/{noun}.c\n--- a/{noun}.c\n+++ b/{noun}.c\n@@ -{},7 +{},7 @@\n-\tint {noun} = 0;\n+\tint {noun} = 1;\n * note",
        random.below(99),
        random.below(99),
    )
}

fn log(random: &mut Random, found: &mut Vec<Token>) -> String {
    let mut lines = Vec::new();
    for _ in 0..random.between(2, 7) {
        let token = tokens::any(random);
        lines.push(format!(
            "2026-02-{:02} {:02}:{:02}:{:02},{:03} [{}] {}.{}: {}",
            random.between(1, 28),
            random.below(24),
            random.below(60),
            random.below(60),
            random.below(1000),
            random.pick(&["INFO", "WARN", "ERROR"]),
            random.pick(NOUNS),
            random.pick(VERBS),
            token.text,
        ));
        found.push(token);
    }
    lines.join("\r\n")
}

fn document(random: &mut Random, found: &mut Vec<Token>) -> String {
    let mut lines = vec![
        format!("# {} {}", random.pick(ADJECTIVES), random.pick(NOUNS)),
        String::new(),
        format!("> {}", sentence(random, found)),
        String::new(),
    ];
    for number in 1..random.between(3, 6) {
        lines.push(format!("{number}. {}", sentence(random, found)));
    }
    lines.push(format!(
        "- [ ] {} 📅 2026-03-{:02}",
        random.pick(VERBS),
        random.between(1, 28)
    ));
    lines.push(format!(
        "  - **{}**: ==highlight== ~~gone~~ %%note%% ^id-1",
        random.pick(NOUNS)
    ));
    lines.push("$$\\int_0^1 f(x)\\,dx$$ [^1] ![[image.png]] <br> &nbsp; {{title}}".to_owned());
    lines.join("\n")
}

fn markup(random: &mut Random) -> String {
    let noun = random.pick(NOUNS);
    format!(
        "<!-- {noun} -->\n<div class=\"{noun}\">\n\t<a href=\"https://example.com/{noun}?a=1&amp;b=2\">{noun}</a>\n</div>\n{{\"{noun}\": [1, 2, {{\"a::b\": null}}]}}"
    )
}

fn chat(random: &mut Random, found: &mut Vec<Token>) -> String {
    let mut lines = Vec::new();
    for _ in 0..random.between(2, 6) {
        let minute = random.below(60);
        lines.push(format!(
            "[10:{minute:02}] {}: {}",
            random.pick(GIVEN),
            sentence(random, found)
        ));
    }
    lines.join("\n\n\n")
}
