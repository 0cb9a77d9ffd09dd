//! The image that the tests' containers are made of: the binary under test and the libraries that it is linked to.
//!
//! Made from scratch, so nothing has to be pulled. `dd` is in it for the one test that has to eat memory, `sh` for
//! one that has to say something. It is removed with the last test that holds it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, Weak};

use super::site::docker;

/// The image, for as long as somebody holds it.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) tag: String,
}

static CURRENT: Mutex<Weak<Image>> = Mutex::new(Weak::new());

/// Built now where nobody holds it.
pub(crate) fn image() -> Arc<Image> {
    let mut current = CURRENT.lock().unwrap();
    if let Some(image) = current.upgrade() {
        return image;
    }
    let image = Arc::new(build());
    *current = Arc::downgrade(&image);
    image
}

fn build() -> Image {
    let context = tempfile::tempdir().unwrap();
    let root = context.path().join("root");
    let lb = env!("CARGO_BIN_EXE_lb");
    place(Path::new(lb), &root.join("lb"));
    place(Path::new("/usr/bin/dd"), &root.join("dd"));
    place(Path::new("/bin/sh"), &root.join("sh"));
    for binary in [lb, "/usr/bin/dd", "/bin/sh"] {
        for library in libraries(binary) {
            place(Path::new(&library), &root.join(library.trim_start_matches('/')));
        }
    }
    fs::write(context.path().join("Dockerfile"), "FROM scratch\nCOPY root /\nENTRYPOINT [\"/lb\"]\n").unwrap();
    let tag = format!("lb-test-{}-{:08x}", std::process::id(), fastrand::u32(..));
    docker(&["build", "-q", "-t", &tag, context.path().to_str().unwrap()]);
    Image { tag }
}

fn place(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(from, to).unwrap();
}

/// What the dynamic linker would load, itself included.
fn libraries(binary: &str) -> Vec<String> {
    let listed = Command::new("ldd").arg(binary).output().unwrap();
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    text.split_whitespace().filter(|word| word.starts_with('/')).map(str::to_owned).collect()
}

impl Drop for Image {
    fn drop(&mut self) {
        let _gone = Command::new("docker").args(["rmi", "-f", &self.tag]).output();
    }
}
