//! Two Markdown parsers with every extension that Obsidian has or might have, brought to one form.

use comrak::nodes::NodeValue;
use pulldown_cmark::{Event, Options, Tag};

/// A document laid flat. Adjacent text is one piece; a break is a line feed in it. Paragraphs do not show.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    Open(String),
    Close,
    Text(String),
    /// An HTML comment within a line, with its delimiters.
    Comment(String),
}

/// What both parsers see, with links that a parser made of an address in the text as that text. Panics if they disagree.
pub(crate) fn parse(markdown: &str) -> Vec<Piece> {
    let (one, other) = (
        without_autolinks(by_pulldown(markdown)),
        without_autolinks(by_comrak(markdown)),
    );
    assert_eq!(one, other, "the parsers disagree on {markdown:?}");
    one
}

/// Replaces links whose text is their own target, with or without a scheme.
fn without_autolinks(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut plain = Vec::with_capacity(pieces.len());
    let mut rest = pieces.into_iter().peekable();
    while let Some(piece) = rest.next() {
        let Piece::Open(name) = &piece else {
            match piece {
                Piece::Text(text) => push_text(&mut plain, &text),
                other => plain.push(other),
            }
            continue;
        };
        let target = name.strip_prefix("link ").map(str::to_owned);
        let text = match rest.peek() {
            Some(Piece::Text(text)) => Some(text.clone()),
            _ => None,
        };
        match (target, text) {
            (Some(target), Some(text)) if leads_to_itself(&target, &text) => {
                rest.next();
                let closed = rest.next();
                assert_eq!(closed, Some(Piece::Close), "{target}");
                push_text(&mut plain, &text);
            }
            _ => plain.push(piece),
        }
    }
    plain
}

fn leads_to_itself(target: &str, text: &str) -> bool {
    let targets = [
        text.to_owned(),
        format!("http://{text}"),
        format!("mailto:{text}"),
    ];
    let is_web = ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| target.to_lowercase().starts_with(scheme));
    is_web && targets.iter().any(|own| own == target)
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Text(last)) => last.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

fn html(source: &str, parser: &str) -> Piece {
    if source.starts_with("<!--") && source.find("-->") == Some(source.len() - 3) {
        Piece::Comment(source.to_owned())
    } else {
        Piece::Open(format!("{parser}: HTML {source}"))
    }
}

fn by_pulldown(markdown: &str) -> Vec<Piece> {
    let options =
        Options::all() - Options::ENABLE_SMART_PUNCTUATION - Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS;
    let mut pieces = Vec::new();
    for event in pulldown_cmark::Parser::new_ext(markdown, options) {
        match event {
            Event::Start(Tag::Paragraph) | Event::End(pulldown_cmark::TagEnd::Paragraph) => {}
            Event::Start(tag) => pieces.push(Piece::Open(match tag {
                Tag::List(None) => "list".to_owned(),
                Tag::Item => "item".to_owned(),
                Tag::Strong => "strong".to_owned(),
                Tag::Emphasis => "emphasis".to_owned(),
                Tag::Heading { level, .. } => format!("heading {}", level as u8),
                Tag::Link { dest_url, .. } => format!("link {dest_url}"),
                Tag::MetadataBlock(_) => "frontmatter".to_owned(),
                other => format!("pulldown-cmark: {other:?}"),
            })),
            Event::End(_) => pieces.push(Piece::Close),
            Event::Text(text) => push_text(&mut pieces, &text),
            Event::SoftBreak | Event::HardBreak => push_text(&mut pieces, "\n"),
            Event::InlineHtml(source) => pieces.push(html(&source, "pulldown-cmark")),
            other => pieces.push(Piece::Open(format!("pulldown-cmark: {other:?}"))),
        }
    }
    pieces
}

fn by_comrak(markdown: &str) -> Vec<Piece> {
    let arena = comrak::Arena::new();
    let root = comrak::parse_document(&arena, markdown, &comrak_options());
    let mut pieces = Vec::new();
    for child in root.children() {
        walk(child, &mut pieces);
    }
    pieces
}

fn walk<'a>(node: comrak::Node<'a>, pieces: &mut Vec<Piece>) {
    let name = match &node.data().value {
        NodeValue::Text(text) => return push_text(pieces, text),
        NodeValue::SoftBreak | NodeValue::LineBreak => return push_text(pieces, "\n"),
        NodeValue::HtmlInline(source) => return pieces.push(html(source, "comrak")),
        // A single delimiter that comrak has matched and yet shows as it is.
        NodeValue::EscapedTag(delimiter) => {
            push_text(pieces, delimiter);
            for child in node.children() {
                walk(child, pieces);
            }
            return push_text(pieces, delimiter);
        }
        NodeValue::FrontMatter(text) => {
            let inner = text
                .trim()
                .trim_start_matches("---\n")
                .trim_end_matches("---")
                .to_owned();
            return pieces.extend([
                Piece::Open("frontmatter".to_owned()),
                Piece::Text(inner),
                Piece::Close,
            ]);
        }
        NodeValue::Paragraph => None,
        NodeValue::List(_) => Some("list".to_owned()),
        NodeValue::Item(_) => Some("item".to_owned()),
        NodeValue::Strong => Some("strong".to_owned()),
        NodeValue::Emph => Some("emphasis".to_owned()),
        NodeValue::Heading(heading) => Some(format!("heading {}", heading.level)),
        NodeValue::Link(link) => Some(format!("link {}", link.url)),
        other => Some(format!("comrak: {other:?}")),
    };
    let shows = name.is_some();
    pieces.extend(name.map(Piece::Open));
    for child in node.children() {
        walk(child, pieces);
    }
    if shows {
        pieces.push(Piece::Close);
    }
}

/// Without `math_latex`: it takes `\\[` for the beginning of a formula, so that no bracket could be escaped any more.
fn comrak_options() -> comrak::Options<'static> {
    let mut options = comrak::Options::default();
    let on = &mut options.extension;
    on.front_matter_delimiter = Some("---".to_owned());
    on.strikethrough = true;
    on.table = true;
    on.autolink = true;
    on.tasklist = true;
    on.superscript = true;
    on.subscript = true;
    on.footnotes = true;
    on.inline_footnotes = true;
    on.description_lists = true;
    on.multiline_block_quotes = true;
    on.alerts = true;
    on.ofm_callouts = true;
    on.ofm_comments = true;
    on.math_dollars = true;
    on.math_code = true;
    on.wikilinks_title_after_pipe = true;
    on.underline = true;
    on.spoiler = true;
    on.greentext = true;
    on.highlight = true;
    on.subtext = true;
    on.block_directive = true;
    on.cjk_friendly_emphasis = true;
    options.parse.relaxed_tasklist_matching = true;
    options.parse.relaxed_autolinks = true;
    options
}
