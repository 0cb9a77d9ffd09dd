//! What is done about a container name that is taken. Pure.
//!
//! Ownership is by label. Whatever of ours has the name no longer needs it: the membership gives a name to one replica
//! at a time, so the holder drains, has died, or is left over from an earlier life. It is renamed, which also works while
//! it runs. A stranger's container is never touched.

use super::super::docker::Inspected;
use super::spec::{INSTANCE, name_when_leaving, replica_of};

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Conflict {
    /// It is ours: give it this name.
    Rename(String),
    /// It isn't: say so.
    Foreign(String),
}

/// Judges the holder of a name that `instance` wants.
pub(super) fn judge(holder: &Inspected, instance: &str) -> Conflict {
    let is_ours = holder.labels.get(INSTANCE).is_some_and(|of| of == instance);
    match replica_of(&holder.labels).filter(|_| is_ours) {
        Some(id) => Conflict::Rename(name_when_leaving(&holder.name, id)),
        None => {
            let Inspected { name, image, .. } = holder;
            Conflict::Foreign(format!(
                "the container name '{name}' is taken by a container that isn't ours (image {image}): remove it with \
                 `docker rm -f {name}`, or choose other names with --container-name"
            ))
        }
    }
}

#[cfg(test)]
mod tests;
