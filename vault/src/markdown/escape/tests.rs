#![allow(clippy::unwrap_used)]
use proptest::prelude::*;

use super::*;
use crate::markdown::unescape;

fn escaped_in(text: &str, start: Start, inside: Inside, context: &mut Context) -> String {
    let mut out = Vec::new();
    escape_line(&mut out, text, start, inside, context);
    String::from_utf8(out).unwrap()
}

fn escaped(text: &str, start: Start, inside: Inside) -> String {
    let count = |wanted| text.chars().filter(|&character| character == wanted).count() > 1;
    let pairs = Pairs {
        tildes: count('~'),
        carets: count('^'),
    };
    let mut context = Context {
        pairs,
        ..Context::default()
    };
    escaped_in(text, start, inside, &mut context)
}

fn check(table: &[(&str, &str)], start: Start, inside: Inside) {
    for (text, expected) in table {
        assert_eq!(escaped(text, start, inside), *expected, "{text}");
        assert_eq!(unescape(expected), *text);
    }
}

#[test]
fn what_no_parser_acts_on_stays_as_it_is() {
    let literal = [
        "We discussed the roadmap for Q2.",
        "user_id MAX_RETRY_COUNT Over_(film) foo_ a_b_c_",
        "a * b, a == b, a === b, 2^10, ~/src, |",
        "2 ^ 10, a ~ b",
        r"C:\Users\ana and \d+",
        "arr[0], a[i]: b, [x], [1] and {a} {b: c}",
        "x < y, <3, a<=b, 5 <6",
        "a && b, ?a=1&b=2, AT&T, &copy",
        "#12 C# a#b #: # x",
        "std::map key: value file.rs:12: at 12:30:00 f(a) b::c",
        "ana_garcia@example.com @types/node @user",
        "https://example.com/a_b?c=d#e (see http://localhost:8080/why?x=1)",
        "www.example.com/a_b",
        "100% of 5 %, {x}",
        "2026-03-01 due: 2026-03-01 ☃-01",
        "a || b | c",
        "- + > 1. 1) a. b",
        "ab: c, 3:4 12:30:45",
    ];
    for text in literal {
        assert_eq!(escaped(text, Start::Within, Inside::Text), text);
    }
}

#[test]
fn what_a_parser_acts_on_is_escaped() {
    let table = [
        ("__init__.py _x_ a _b", r"\_\_init__.py \_x_ a \_b"),
        ("*a* **b** a*b *", r"\*a\* \*\*b\*\* a\*b \*"),
        ("~a~ ~~b~~", r"\~a\~ \~\~b\~\~"),
        ("==a== a==b", r"\=\=a\=\= a\=\=b"),
        ("x ||a|| y", r"x \|\|a\|\| y"),
        ("a^b^ ^[c]", r"a\^b\^ \^[c]"),
        ("x ^oc-a b ^oc-b", r"x \^oc-a b \^oc-b"),
        ("text ^abc-1", r"text \^abc-1"),
        ("$5.99 `x`", r"\$5.99 \`x\`"),
        (r"\* a \\ b\", r"\\\* a \\\ b\\"),
        ("[[a]] [^1] a](b) ]{", r"\[\[a]] \[^1] a\](b) \]{"),
        (
            "<b> </b> <!x> <?x> <%x%> < b <1@c> <é",
            "&lt;b> &lt;/b> &lt;!x> &lt;?x> &lt;%x\\%> < b &lt;1@c> <é",
        ),
        ("&amp; &#35; &#x3c; &x", r"&amp;amp; &amp;#35; &amp;\#x3c; &x"),
        ("#tag (#a1 #é #1 #1a", r"\#tag (\#a1 \#é #1 \#1a"),
        ("[a::b (c:::d) e::f", r"[a:\:b (c:\:\:d) e::f"),
        (
            "ftp://e x-y://z javascript:a MAILTO:b",
            r"ftp\://e x-y\://z javascript\:a MAILTO\:b",
        ),
        ("metadata:x file: data:x", r"metadata:x file: data\:x"),
        (":smile: :+1: :a_b: 1:a: ::", r"\:smile: \:+1: \:a_b: 1:a: ::"),
        ("a::smile: :a::b:", r"a:\:smile: \:a:\:b:"),
        ("%% {{a}} {%b%}", r"\%\% {\{a}} {\%b\%}"),
        ("📅 2026-03-01 ✅2026-03-01", r"📅 2026\-03-01 ✅2026\-03-01"),
        ("https://e.com/*a* b", r"https\://e.com/\*a\* b"),
        ("(https://e.com/a::b www.x.y)", r"(https\://e.com/a:\:b www.x.y)"),
        ("www.e.com/`a", r"www\.e.com/\`a"),
        ("http://e.com\u{a0}*", "http\\://e.com\u{a0}\\*"),
    ];
    check(&table, Start::Within, Inside::Text);
}

#[test]
fn lines_that_begin_a_block_are_escaped() {
    let table = [
        ("# H", r"\# H"),
        ("   - a", r"   \- a"),
        ("---", r"\---"),
        ("===", r"\=\=\="),
        (": d", r"\: d"),
        (":::", r"\:::"),
        ("1. a", r"1\. a"),
        ("(1) a", r"\(1) a"),
        ("> **a**", r"\> \*\*a\*\*"),
        ("* * *", r"\* * \*"),
        ("|---|", r"\|---|"),
        ("#. a", r"\#. a"),
    ];
    check(&table, Start::Line, Inside::Text);
}

#[test]
fn no_bracket_and_no_address_is_live_in_the_text_of_a_link() {
    let table = [
        ("a [b] c", r"a \[b\] c"),
        ("https://e.com", r"https\://e.com"),
        ("www.e.com", r"www\.e.com"),
    ];
    check(&table, Start::Within, Inside::Brackets);
}

#[test]
fn edges_inside_emphasis_are_always_escaped() {
    let table = [
        ("~a=", r"\~a\="),
        ("_a_", r"\_a\_"),
        ("^a^", r"\^a\^"),
        ("* a *", r"\* a \*"),
        ("a_b", "a_b"),
        ("a #", r"a \#"),
        ("https://e.com/", r"https\://e.com/"),
    ];
    check(&table, Start::Within, Inside::Emphasis);
}

#[test]
fn brackets_and_emoji_are_remembered_over_pieces() {
    let mut context = Context::default();
    escaped_in("f(a 📅", Start::Within, Inside::Text, &mut context);
    let next = escaped_in("2026-03-01 b::c", Start::Line, Inside::Text, &mut context);
    assert_eq!(next, r"2026\-03-01 b:\:c");
    context.pass(b"](x) ");
    assert_eq!(
        escaped_in("b::c 2026-03-01", Start::Within, Inside::Text, &mut context),
        "b::c 2026-03-01"
    );
}

#[test]
fn hostile_texts_take_linear_time() {
    let count = 200_000;
    for token in [
        "_",
        "*",
        "=",
        "~",
        "^",
        "|",
        ":",
        "::",
        ":a",
        "<",
        "<@",
        "<a",
        "&",
        "&a",
        "&#",
        "#",
        "#1",
        "[",
        "(",
        "\\",
        "`",
        "http://",
        "http://*",
        "https://a<",
        "www.",
        "www.<",
        "javascript:",
        "📅 ",
        "2026-01-01",
        "📅 2026-01-01 ",
        " ^a",
        "^oc-",
        "%",
        "{",
        "a://",
        "-",
        "aaaaaaaa",
        "é",
        "\u{301}",
    ] {
        let text = token.repeat(count);
        // Were one of them quadratic, this would not end.
        assert!(escaped(&text, Start::Line, Inside::Text).len() >= text.len());
    }
}

proptest! {
    #[test]
    fn unescape_undoes_escape(
        text in "([ -~]|[\\\\&#:=%@.{_*-]|&lt;|&amp;|é|📅| 2026-02-26|https?://|www\\.|::|[\\[\\]()]){0,60}",
        start in prop::sample::select(vec![Start::Line, Start::Within]),
        inside in prop::sample::select(vec![Inside::Text, Inside::Brackets, Inside::Emphasis]),
    ) {
        prop_assert_eq!(unescape(&escaped(&text, start, inside)), text);
    }

    #[test]
    fn nothing_that_is_acted_on_is_left(text in "[ a-c=%:{}<>\\[\\]#@^1.\\\\_*~`$-]{0,60}", line: bool) {
        let out = escaped(&text, if line { Start::Line } else { Start::Within }, Inside::Text);
        let mut characters = out.chars();
        let mut bare = String::new();
        while let Some(character) = characters.next() {
            bare.push(if character == '\\' { characters.next().map_or('\\', |_| '?') } else { character });
        }
        for syntax in ["%%", "<a", "<%", "{{", "{%", "%}", "%>", "[[", "](", "]{", "^[", "[^", "`", "$", " #a", " *a", " _a"] {
            prop_assert!(!bare.contains(syntax), "{} in {}", syntax, out);
        }
    }
}
