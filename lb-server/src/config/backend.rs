//! `--backend`, every one of them, and `--backends-file` as it is now. How a backend is written is lb-admin's business.

use std::path::Path;

use lb_admin::config::{BackendsFile, StaticBackend};
use lb_admin::discovery::file;

use super::ConfigError;

/// Every `--backend`, in the order given, their names all different.
pub(super) fn parse_all(texts: &[String]) -> Result<Vec<StaticBackend>, ConfigError> {
    let mut backends: Vec<StaticBackend> = Vec::with_capacity(texts.len());
    for text in texts {
        let backend: StaticBackend = text.parse()?;
        if backends.iter().any(|other| other.name == backend.name) {
            return Err(ConfigError::BackendTwice(backend.name));
        }
        backends.push(backend);
    }
    Ok(backends)
}

/// `--backends-file`, whose names must not be those of `backends`: later such a name would only be passed over.
pub(super) fn read_file(path: Option<&Path>, backends: &[StaticBackend]) -> Result<Option<BackendsFile>, ConfigError> {
    let Some(path) = path else { return Ok(None) };
    let listed = file::read(path)?;
    let taken = listed.iter().find(|listed| backends.iter().any(|backend| backend.name == listed.name));
    match taken {
        Some(listed) => Err(ConfigError::BackendTwice(listed.name.clone())),
        None => Ok(Some(BackendsFile { path: path.to_owned(), backends: listed })),
    }
}
