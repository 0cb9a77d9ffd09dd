//! What looks like a secret among the words of a command line is shown as `***`.
//!
//! `--password X`, `--api-key=X` and `TOKEN=X` alike: a word that names a secret, and what belongs to it. It is a guess, on the
//! side of hiding too much: whoever knows the command knows what stands there.

use toml::Value;

/// A word that holds one of these names a secret.
const NAMES: [&str; 6] = ["password", "passwd", "secret", "token", "credential", "key"];
/// What is shown instead.
pub(super) const MASK: &str = "***";

/// The value of a key, fit to be shown.
pub(super) fn masked(key: &str, value: Value) -> Value {
    match value {
        Value::String(text) if key == "command" => Value::String(masked_command(&text)),
        value => value,
    }
}

fn masked_command(text: &str) -> String {
    // What doesn't split was refused already.
    let Ok(words) = shell_words::split(text) else { return MASK.to_owned() };
    let mut hides = false;
    let mut found = false;
    let shown: Vec<String> = words
        .into_iter()
        .map(|word| {
            let hidden = std::mem::take(&mut hides);
            let lower = word.to_ascii_lowercase();
            let (name, value) = lower.split_once('=').map_or((&*lower, None), |(name, value)| (name, Some(value)));
            let names_secret = NAMES.iter().any(|secret| name.contains(secret));
            match value {
                Some(_) if names_secret => {
                    found = true;
                    format!("{}={MASK}", &word[..name.len()])
                }
                None if hidden => {
                    found = true;
                    MASK.to_owned()
                }
                _ => {
                    hides = names_secret && value.is_none() && word.starts_with('-');
                    word
                }
            }
        })
        .collect();
    // As it was typed where there is nothing to hide.
    if found { shell_words::join(shown) } else { text.to_owned() }
}

#[cfg(test)]
mod tests;
