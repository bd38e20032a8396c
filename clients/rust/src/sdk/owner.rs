//! Which process uses a state directory: the rule that the SDKs of all languages share.
//!
//! Every client creates `owners/<pid>-<start>-<random>` with `O_EXCL`, then lists the directory: if the file of another
//! client whose process is alive is there, it removes its own and fails. Of two clients that open at the same time at
//! least one sees the other. `start` is the start time in `/proc/<pid>/stat`, or 0 where the system has none: it tells a
//! process from an earlier one with the same id. A file of this process belongs to another client in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
    thread::sleep,
    time::Duration,
};

use super::state::private;

/// Two clients that open at the same time may both give way.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(50);
/// The start time behind the name of the program in `/proc/<pid>/stat`.
const START_FIELD: usize = 19;

/// The owner's file; `None` if another client holds the directory.
pub(super) fn claim(directory: &Path) -> io::Result<Option<PathBuf>> {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            sleep(PAUSE.mul_f64(rand::random()));
        }
        let pid = process::id();
        let start = start_of(pid).unwrap_or_default();
        let own = directory.join(format!("{pid}-{start}-{:016x}", rand::random::<u64>()));
        private().create_new(true).open(&own)?;
        if !has_other(directory, &own)? {
            return Ok(Some(own));
        }
        fs::remove_file(&own)?;
    }
    Ok(None)
}

/// Whether another client is alive; removes the files of those that are not.
fn has_other(directory: &Path, own: &Path) -> io::Result<bool> {
    let mut found = false;
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some((pid, start)) = parse(&name).filter(|_| path != own) else {
            continue;
        };
        if is_alive(pid, start) {
            found = true;
        } else if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
    }
    Ok(found)
}

fn parse(name: &str) -> Option<(u32, u64)> {
    let mut parts = name.split('-');
    let (pid, start, tag) = (parts.next()?, parts.next()?, parts.next()?);
    (parts.next().is_none() && tag.len() == 16).then_some((pid.parse().ok()?, start.parse().ok()?))
}

fn is_alive(pid: u32, start: u64) -> bool {
    start_of(pid).is_some_and(|current| current == start || current == 0 || start == 0)
}

/// When a process was started, in ticks; 0 if the system does not say, `None` if there is no such process.
fn start_of(pid: u32) -> Option<u64> {
    if !Path::new("/proc/self/stat").exists() {
        return exists(pid).then_some(0);
    }
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    // The name in parentheses may have spaces in it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    if matches!(fields.first(), Some(&("Z" | "X"))) {
        return None;
    }
    Some(
        fields
            .get(START_FIELD)
            .and_then(|start| start.parse().ok())
            .unwrap_or_default(),
    )
}

/// Asks the system's own tool, for lack of a safe call: only where there is no `/proc`.
fn exists(pid: u32) -> bool {
    let output = match cfg!(windows) {
        true => process::Command::new("tasklist")
            .args(["/NH", "/FI", &format!("PID eq {pid}")])
            .output(),
        false => process::Command::new("ps")
            .args(["-p", &pid.to_string()])
            .output(),
    };
    // If the tool is missing, the other client is taken to be alive: the user can delete its file.
    output.map_or(true, |output| {
        String::from_utf8_lossy(&output.stdout)
            .split_whitespace()
            .any(|word| word == pid.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claim_gives_way_to_the_living_and_removes_the_dead() {
        let directory = tempfile::tempdir().unwrap();
        let mut child = process::Command::new("sleep").arg("60").spawn().unwrap();
        let start = start_of(child.id()).unwrap();
        let of_child = |start: u64| {
            directory
                .path()
                .join(format!("{}-{start}-00000000000000aa", child.id()))
        };
        let (living, earlier) = (of_child(start), of_child(start.wrapping_add(1)));
        fs::write(&living, "").unwrap();
        fs::write(&earlier, "").unwrap();
        assert_eq!(claim(directory.path()).unwrap(), None);
        assert!(living.exists() && !earlier.exists());
        child.kill().unwrap();
        // A zombie until it is waited for, and dead to this rule.
        let own = claim(directory.path()).unwrap().unwrap();
        child.wait().unwrap();
        assert!(own.exists() && !living.exists());
        assert_eq!(claim(directory.path()).unwrap(), None, "this process holds it");
        fs::remove_file(own).unwrap();
        assert!(claim(directory.path()).unwrap().is_some());
    }
}
