//! Which directory is the state directory, and the secret of `--hash-key-file`. What is kept in it: [`crate::state`].

use std::path::{Path, PathBuf};

use super::{ConfigError, Surroundings};

/// Where a service keeps its state.
const SERVICE_STATE: &str = "/var/lib/lb";
/// Longest key file that is read: 32 digits and a line end, with room for a slip that the error then names.
const SECRET_FILE_BYTES_MAX: u64 = 4096;

/// What ids are hashed with. Its `Debug` form doesn't show it, so that no log does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) [u8; 16]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// `--state-dir`, else systemd's `STATE_DIRECTORY`, else the XDG state directory, else (no home: a service) /var/lib/lb.
pub(super) fn root(asked: Option<PathBuf>, around: &Surroundings) -> PathBuf {
    let systemd = || around.state_directory.as_ref().and_then(|dirs| std::env::split_paths(dirs).next());
    // The XDG specification: a path that isn't absolute is to be ignored.
    let absolute = |dir: &&PathBuf| dir.is_absolute();
    let xdg = || around.xdg_state_home.as_ref().filter(absolute).map(|dir| dir.join("lb"));
    let home = || around.home.as_ref().filter(absolute).map(|home| home.join(".local/state/lb"));
    asked.or_else(systemd).or_else(xdg).or_else(home).unwrap_or_else(|| SERVICE_STATE.into())
}

/// The secret that several balancers share.
pub(super) fn read_secret(path: &Path) -> Result<Secret, ConfigError> {
    use std::io::Read;
    let unreadable = |source| ConfigError::SecretUnreadable { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(SECRET_FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(unreadable)?;
    let text = String::from_utf8_lossy(&bytes);
    secret_from_text(&text).ok_or_else(|| ConfigError::SecretWrong { path: path.to_owned() })
}

/// 32 hex digits, white space around them allowed.
pub(crate) fn secret_from_text(text: &str) -> Option<Secret> {
    let digits = text.trim();
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(digits, 16).ok().map(|number| Secret(number.to_be_bytes()))
}
