//! Where a plugin is installed from: a path, or an id of the catalogue.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::bail;

/// Where packages of the system put plugins.
const SYSTEM: &str = "/usr/share/openclone/plugins";
/// The beginning of ids in the catalogue, which may be left out.
const PREFIX: &str = "openclone-";

/// The directory of the plugin that `what` names: a path if it contains `/`, else an id, looked for in `from`, in the
/// checkout around the working directory, and in `/usr/share/openclone/plugins`.
///
/// # Errors
/// When no source has it.
pub(super) fn find(what: &str, from: Option<&Path>) -> anyhow::Result<PathBuf> {
    if what.contains('/') || what == "." || what == ".." {
        return Ok(PathBuf::from(what));
    }
    let sources = match from {
        Some(dir) => vec![dir.to_owned()],
        None => checkout().into_iter().chain([PathBuf::from(SYSTEM)]).collect(),
    };
    let names = [what.to_owned(), format!("{PREFIX}{what}")];
    for source in &sources {
        for name in &names {
            let dir = source.join(name);
            if dir.join("plugin.json").is_file() {
                return Ok(dir);
            }
        }
    }
    let looked: Vec<_> = sources
        .iter()
        .map(|source| source.display().to_string())
        .collect();
    bail!(
        "no plugin {what} in {}: name the directory that has it with --from, or give a path, such as ./{what}",
        looked.join(" or ")
    )
}

/// `plugins/` of the checkout that contains the working directory.
fn checkout() -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    here.ancestors()
        .map(|dir| dir.join("plugins"))
        .find(|plugins| plugins.join("catalog.json").is_file())
}

/// The checkout that contains the plugin in `dir`, for install scripts that build from it.
pub(super) fn checkout_of(dir: &Path) -> Option<PathBuf> {
    let plugins = dir.parent()?;
    plugins
        .join("catalog.json")
        .is_file()
        .then(|| plugins.parent().map(Path::to_owned))?
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_id_may_leave_out_the_prefix_and_a_path_is_taken_as_it_is() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("openclone-thing");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("plugin.json"), "{}").unwrap();
        for id in ["thing", "openclone-thing"] {
            assert_eq!(find(id, Some(temp.path())).unwrap(), dir);
        }
        assert_eq!(find("./thing", Some(temp.path())).unwrap(), Path::new("./thing"));
        let error = find("other", Some(temp.path())).unwrap_err().to_string();
        assert!(error.contains("--from") && error.contains("other"), "{error}");
    }
}
