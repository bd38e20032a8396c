//! README with install instructions, and an install script or set-up instructions.

use std::path::{Path, PathBuf};

use super::{super::tree, MAX_TEXT, Report};

/// Beginnings of words in a heading above install instructions, lower-case.
const INSTALL: [&str; 1] = ["instal"];
/// The same for set-up instructions.
const SETUP: [&str; 5] = ["setup", "set up", "set-up", "configur", "getting started"];

/// A heading, and whether there is a text under it.
struct Section {
    line: usize,
    heading: String,
    has_text: bool,
}

pub(super) fn check(dir: &Path, files: &[PathBuf], report: &mut Report) {
    let readme = files
        .iter()
        .find(|path| path.as_os_str().eq_ignore_ascii_case("README.md"));
    let text = readme.and_then(|path| tree::text(&dir.join(path), MAX_TEXT).ok().flatten());
    let sections = sections(text.as_deref().unwrap_or_default());
    match (readme, &text) {
        (None, _) => report.find("README.md", 1, "is missing; it tells how to install the plugin"),
        (Some(path), None) => report.find(path, 1, "is not a text"),
        (Some(path), Some(_)) => match about(&sections, &INSTALL) {
            None => report.find(path, 1, "has no section on how to install the plugin"),
            Some(section) if !section.has_text => {
                report.find(path, section.line, "says nothing under this heading")
            }
            Some(_) => {}
        },
    }
    let script = files.iter().any(|path| path.as_os_str() == "install.sh");
    if script {
        check_script(dir, report);
    } else if !about(&sections, &SETUP).is_some_and(|section| section.has_text) {
        let text = "is missing, and README.md has no section on how to set the plugin up";
        report.find("install.sh", 1, text);
    }
}

fn check_script(dir: &Path, report: &mut Report) {
    match tree::text(&dir.join("install.sh"), MAX_TEXT) {
        Ok(Some(text)) if text.starts_with("#!") && text.lines().count() > 1 => {}
        Ok(Some(_)) => report.find("install.sh", 1, "must begin with #! and do something"),
        _ => report.find("install.sh", 1, "is not a text"),
    }
}

fn about<'a>(sections: &'a [Section], words: &[&str]) -> Option<&'a Section> {
    let fitting = |section: &&Section| words.iter().any(|word| section.heading.contains(word));
    let mut all = sections.iter().filter(fitting);
    let first = all.next()?;
    Some(
        std::iter::once(first)
            .chain(all)
            .find(|section| section.has_text)
            .unwrap_or(first),
    )
}

/// The headings of a Markdown text, each with the text up to the next.
fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut in_fence = false;
    for (index, line) in text.lines().enumerate() {
        let is_fence = line.trim_start().starts_with("```");
        in_fence ^= is_fence;
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        if !in_fence && !is_fence && (1..=6).contains(&level) {
            sections.push(Section {
                line: index + 1,
                heading: line.trim_matches('#').trim().to_lowercase(),
                has_text: false,
            });
        } else if let Some(last) = sections.last_mut() {
            last.has_text |= !line.trim().is_empty() && !is_fence;
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_with_a_text_under_them() {
        let found =
            sections("# A\n\n## Install it\n```sh\n# no heading\n```\n## Instalación\n\n## Setup\nx\n");
        let text: Vec<_> = found
            .iter()
            .map(|section| (section.line, section.has_text))
            .collect();
        assert_eq!(text, [(1, false), (3, true), (7, false), (9, true)]);
        assert_eq!(about(&found, &INSTALL).map(|section| section.line), Some(3));
        assert!(about(&found, &["nothing"]).is_none());
    }
}
