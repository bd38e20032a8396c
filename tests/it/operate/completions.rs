//! Shell completions and manual pages.

use std::fs;

use super::run;

#[test]
fn completions_and_manual_know_every_command() {
    let dir = tempfile::tempdir().unwrap();
    let help = run(dir.path(), &["--help"]).1;
    let commands: Vec<_> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .map_while(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty() && *name != "help")
        .collect();
    assert!(commands.len() >= 7, "{help}");
    let manual = run(dir.path(), &["man"]).1;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script, _) = run(dir.path(), &["completions", shell]);
        assert_eq!(code, Some(0));
        assert!(commands.iter().all(|name| script.contains(name)), "{shell}");
    }
    assert!(
        commands
            .iter()
            .all(|name| manual.contains(&format!("openclone\\-{name}(1)"))),
        "{manual}"
    );
    let pages = dir.path().join("man1");
    fs::create_dir(&pages).unwrap();
    assert_eq!(
        run(dir.path(), &["man", "--dir", pages.to_str().unwrap()]).0,
        Some(0)
    );
    assert!(
        commands
            .iter()
            .all(|name| pages.join(format!("openclone-{name}.1")).exists())
    );
    assert_eq!(run(dir.path(), &["completions", "tcsh"]).0, Some(2));
}
