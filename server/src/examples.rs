//! The example organisation, inside the binary.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../examples/saltmarsh"]
#[allow_missing = true]
struct Saltmarsh;

/// Writes the example organisation below `data` and returns its folder. Files that are there already are brought up to date.
pub(crate) fn unpack(data: &Path) -> io::Result<PathBuf> {
    let folder = data.join("examples").join("saltmarsh");
    for name in Saltmarsh::iter() {
        let Some(file) = Saltmarsh::get(&name) else { continue };
        let path = folder.join(name.as_ref());
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, file.data)?;
    }
    Ok(folder)
}
