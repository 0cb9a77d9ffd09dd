//! Who may change things through the admin API: the token, `--admin-open`, further Hosts, and how fast.
//!
//! An address that other machines reach needs a token, or `--admin-open` said out loud; what is open is said at the start.
//! A Unix socket needs neither, since its file is its owner's alone. Where the API listens is `front`'s to say; what a
//! request must have is checked in lb-admin.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use lb_admin::config::{Access, AdminAddr};
use lb_admin::token::Token;

use super::{ConfigError, Surroundings, within};
use crate::cli::serve::ServeArgs;

/// Changes a second where nobody says otherwise: a script that runs wild leaves the owner most of its time.
pub(super) const CHANGES_PER_SECOND: u32 = 500;
/// Most that may be asked for; more is no limit, which is 0.
const CHANGES_PER_SECOND_MAX: u32 = 1_000_000;
/// Longest token file that is looked at: the longest token, and room for a slip that the error then names.
const TOKEN_FILE_BYTES_MAX: u64 = 4096;
/// The mode bit that lets every user read a file.
const OTHERS_READ: u32 = 0o004;
/// A DNS name has no more characters.
const HOST_CHARACTERS_MAX: usize = 253;

/// The settings; what is open goes to `notes`.
pub(super) fn resolve(
    args: &ServeArgs,
    admin: Option<&AdminAddr>,
    around: &Surroundings,
    notes: &mut Vec<String>,
) -> Result<Access, ConfigError> {
    let open = args.admin_open.unwrap_or(false);
    if open && args.admin_token_file.is_some() {
        return Err(ConfigError::AdminOpenWithToken);
    }
    let token = args.admin_token_file.as_deref().map(|path| read_token(path, around, notes)).transpose()?;
    if let Some(AdminAddr::Tcp(addr)) = admin
        && !addr.ip().to_canonical().is_loopback()
        && token.is_none()
    {
        if !open {
            return Err(ConfigError::AdminOpen(*addr));
        }
        notes.push(format!("--admin-open: whoever reaches {addr} may add and remove replicas"));
    }
    let hosts = args.admin_host.as_deref().unwrap_or_default();
    let changes_per_second = args.admin_rate.unwrap_or(CHANGES_PER_SECOND);
    within("--admin-rate", changes_per_second.into(), 0, CHANGES_PER_SECOND_MAX.into())?;
    Ok(Access { token, hosts: hosts.iter().map(|text| host(text)).collect::<Result<_, _>>()?, changes_per_second })
}

/// The first line of the file, without the white space around it.
fn read_token(path: &Path, around: &Surroundings, notes: &mut Vec<String>) -> Result<Token, ConfigError> {
    let unreadable = |source| ConfigError::TokenUnreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.permissions().mode() & OTHERS_READ != 0 {
        let path = path.display();
        notes.push(format!("--admin-token-file {path} can be read by every user of this machine: chmod 600 {path}"));
    }
    let mut bytes = Vec::new();
    file.take(TOKEN_FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(unreadable)?;
    let text = String::from_utf8_lossy(&bytes);
    let first_line = text.lines().next().unwrap_or_default().trim();
    Token::new(first_line, around.token_key).map_err(|source| ConfigError::TokenWrong { path: path.to_owned(), source })
}

/// `NAME` or `NAME:PORT`, as requests are compared with.
fn host(text: &str) -> Result<String, ConfigError> {
    let wrong = || ConfigError::AdminHost(text.to_owned());
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port.parse::<u16>().ok().filter(|&port| port > 0).ok_or_else(wrong)?)),
        None => (text, None),
    };
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let is_label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        !label.is_empty() && plain
    };
    if name.len() > HOST_CHARACTERS_MAX || !name.split('.').all(is_label) {
        return Err(wrong());
    }
    Ok(port.map_or_else(|| name.clone(), |port| format!("{name}:{port}")))
}
