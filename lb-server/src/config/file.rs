//! The `--config` file: TOML with the flags of `lb serve` as keys, unknown ones refused.

use std::path::Path;

use super::ConfigError;
use crate::cli::ServeArgs;

/// Reads the file; an error names its line.
pub(super) fn read(path: &Path) -> Result<ServeArgs, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::FileUnreadable { path: path.to_owned(), source })?;
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = 1 + before.bytes().filter(|&byte| byte == b'\n').count();
        let why = error.message().replace('\n', "; ");
        ConfigError::FileWrong { path: path.to_owned(), line, why }
    })
}
