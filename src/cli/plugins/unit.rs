//! Starts plugins with the user's session: a systemd user unit, or a launchd agent on macOS.
//!
//! The key reaches the program by a file: with systemd by `LoadCredential=`, never in `Environment=`, which other programs can
//! read.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::Context as _;

use super::{consent::state_home, program::Program, say};
use crate::{config::home::files::make_private_dir, registry::Manifest};

/// Exit status of a plugin that is not switched on: it is not started again.
pub(super) const NOT_ENABLED: i32 = 3;

/// Writes the unit, and starts it where the session's manager can be reached.
///
/// # Errors
/// When the unit cannot be written.
pub(super) fn start(manifest: &Manifest, program: &Program) -> anyhow::Result<()> {
    let path = path(&manifest.id)?;
    let text = if cfg!(target_os = "macos") {
        agent(manifest, program, &state_home()?)
    } else {
        unit(manifest, program)
    };
    let write = || {
        make_private_dir(path.parent().unwrap_or(Path::new(".")))?;
        fs::write(&path, &text)
    };
    write().with_context(|| format!("cannot write {}", path.display()))?;
    let name = name(&manifest.id);
    let is_started = if cfg!(target_os = "macos") {
        quietly("launchctl", &["load", "-w", &path.to_string_lossy()])
    } else {
        quietly("systemctl", &["--user", "daemon-reload"])
            && quietly("systemctl", &["--user", "enable", &name])
            && quietly("systemctl", &["--user", "restart", &name])
    };
    if is_started {
        say(&format!(
            "started {name}; it starts with your session from now on"
        ));
    } else {
        say(&format!(
            "wrote {}, but the session's manager cannot be reached; start it with: openclone plugins run {}",
            path.display(),
            manifest.id
        ));
    }
    Ok(())
}

/// Stops the plugin and removes its unit, if there is one.
///
/// # Errors
/// When the unit cannot be removed.
pub(super) fn stop(id: &str) -> anyhow::Result<()> {
    let path = path(id)?;
    if fs::symlink_metadata(&path).is_err() {
        return Ok(());
    }
    if cfg!(target_os = "macos") {
        quietly("launchctl", &["unload", "-w", &path.to_string_lossy()]);
    } else {
        quietly("systemctl", &["--user", "disable", "--now", &name(id)]);
    }
    fs::remove_file(&path)
        .or_else(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                Ok(())
            } else {
                Err(error)
            }
        })
        .with_context(|| format!("cannot remove {}", path.display()))?;
    if !cfg!(target_os = "macos") {
        quietly("systemctl", &["--user", "daemon-reload"]);
    }
    Ok(())
}

fn name(id: &str) -> String {
    if cfg!(target_os = "macos") {
        format!("dev.openclone.plugin.{id}")
    } else {
        format!("openclone-plugin-{id}.service")
    }
}

fn path(id: &str) -> anyhow::Result<PathBuf> {
    let home = env::var_os("HOME")
        .filter(|home| !home.is_empty())
        .map(PathBuf::from)
        .context("HOME is not set")?;
    if cfg!(target_os = "macos") {
        return Ok(home
            .join("Library/LaunchAgents")
            .join(format!("{}.plist", name(id))));
    }
    let config = env::var_os("XDG_CONFIG_HOME")
        .filter(|dir| !dir.is_empty())
        .map_or_else(|| home.join(".config"), PathBuf::from);
    Ok(config.join("systemd/user").join(name(id)))
}

fn unit(manifest: &Manifest, program: &Program) -> String {
    let arguments = program.arguments.iter().map(|argument| quoted(argument, true));
    let command: Vec<String> = [quoted(&program.path.to_string_lossy(), true)]
        .into_iter()
        .chain(arguments)
        .collect();
    let dir = program.dir.to_string_lossy();
    format!(
        "# Written by `openclone plugins enable`; `openclone plugins disable {id}` removes it.\n\
         [Unit]\n\
         Description=OpenClone plugin {name}\n\
         After=graphical-session.target\n\
         \n\
         [Service]\n\
         ExecStart={command}\n\
         WorkingDirectory={workdir}\n\
         Environment={endpoint}\n\
         Environment={plugin_dir}\n\
         Environment=OPENCLONE_API_KEY_FILE=%d/api-key\n\
         LoadCredential=api-key:{key}\n\
         UMask=0077\n\
         NoNewPrivileges=yes\n\
         Restart=on-failure\n\
         RestartSec=5\n\
         RestartPreventExitStatus={NOT_ENABLED}\n\
         TimeoutStopSec=10\n\
         \n\
         [Install]\n\
         WantedBy=default.target\n",
        id = manifest.id,
        name = manifest.name.replace('%', "%%").replace(char::is_control, " "),
        command = command.join(" "),
        workdir = dir.replace('%', "%%"),
        endpoint = quoted(&format!("OPENCLONE_ENDPOINT={}", program.endpoint), false),
        plugin_dir = quoted(&format!("OPENCLONE_PLUGIN_DIR={dir}"), false),
        key = program.key.to_string_lossy().replace('%', "%%"),
    )
}

/// A word of a unit file. `$` is special in commands only.
fn quoted(text: &str, is_command: bool) -> String {
    let mut word = text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    if is_command {
        word = word.replace('$', "$$");
    }
    format!("\"{word}\"")
}

fn agent(manifest: &Manifest, program: &Program, state_home: &Path) -> String {
    let string = |text: &str| format!("<string>{}</string>", escaped(text));
    let arguments: String = [program.path.to_string_lossy().into_owned()]
        .iter()
        .chain(&program.arguments)
        .map(|argument| format!("    {}\n", string(argument)))
        .collect();
    let variables: String = program
        .variables()
        .iter()
        .map(|(name, value)| format!("    <key>{name}</key>{}\n", string(&value.to_string_lossy())))
        .collect();
    let log = state_home.join("log").join(format!("{}.log", manifest.id));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n\
         \x20 <key>Label</key>{label}\n\
         \x20 <key>ProgramArguments</key>\n  <array>\n{arguments}  </array>\n\
         \x20 <key>WorkingDirectory</key>{dir}\n\
         \x20 <key>EnvironmentVariables</key>\n  <dict>\n{variables}  </dict>\n\
         \x20 <key>RunAtLoad</key><true/>\n\
         \x20 <key>KeepAlive</key><dict><key>Crashed</key><true/></dict>\n\
         \x20 <key>Umask</key><integer>63</integer>\n\
         \x20 <key>StandardErrorPath</key>{log}\n\
         </dict>\n</plist>\n",
        label = string(&name(&manifest.id)),
        dir = string(&program.dir.to_string_lossy()),
        log = string(&log.to_string_lossy()),
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn quietly(program: &str, arguments: &[&str]) -> bool {
    let silent = || Stdio::null();
    Command::new(program)
        .args(arguments)
        .stdin(silent())
        .stdout(silent())
        .stderr(silent())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::registry::manifest::parse;

    fn sample() -> (Manifest, Program) {
        let manifest = parse(
            "p",
            r#"{"id": "p", "name": "100% <mine>", "version": "1.0.0", "platform": ["linux"],
            "source_types": ["notes"], "sensitivity": "LOW", "run": ["x", "$HOME", "a \"b\""]}"#,
        )
        .unwrap();
        let program = Program {
            path: "/opt/my tools/x".into(),
            arguments: manifest.run[1..].to_vec(),
            dir: "/home/me/50%/p".into(),
            key: "/home/me/keys/p".into(),
            endpoint: "http://127.0.0.1:8000".into(),
        };
        (manifest, program)
    }

    #[test]
    fn a_unit_quotes_its_command_and_has_no_key_in_it() {
        let (manifest, program) = sample();
        let text = unit(&manifest, &program);
        for line in [
            "Description=OpenClone plugin 100%% <mine>",
            r#"ExecStart="/opt/my tools/x" "$$HOME" "a \"b\"""#,
            "WorkingDirectory=/home/me/50%%/p",
            r#"Environment="OPENCLONE_PLUGIN_DIR=/home/me/50%%/p""#,
            "LoadCredential=api-key:/home/me/keys/p",
            "RestartPreventExitStatus=3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }

    #[test]
    fn an_agent_escapes_its_texts() {
        let (manifest, program) = sample();
        let text = agent(&manifest, &program, Path::new("/state/a&b"));
        assert!(
            text.contains("<string>/state/a&amp;b/log/p.log</string>"),
            "{text}"
        );
        assert!(text.contains("<string>a \"b\"</string>"), "{text}");
        assert_eq!(text.matches("<dict>").count(), text.matches("</dict>").count());
    }
}
