//! Tells this program from every other: another one may judge and index by other rules.

use std::{fs::File, io, sync::LazyLock};

use object::{
    Endianness, ReadCache,
    elf::{ELF_NOTE_GNU, FileHeader64, NT_GNU_BUILD_ID},
    read::elf::{FileHeader as _, ProgramHeader as _},
};
use uuid::Uuid;

use crate::identity::hex;

static NAME: LazyLock<String> = LazyLock::new(|| {
    // A program that cannot read itself remembers for as long as it runs.
    linked().or_else(|| hash().ok()).unwrap_or_else(|| Uuid::new_v4().to_string())
});

/// The name of this program's file by its content; to be asked first on a thread that may block, since it reads itself for that.
pub(crate) fn name() -> &'static str {
    &NAME
}

/// What the linker called its work, by the content of it, where it is one that does so (on Linux, nearly all).
fn linked() -> Option<String> {
    let file = ReadCache::new(File::open(std::env::current_exe().ok()?).ok()?);
    let header = FileHeader64::<Endianness>::parse(&file).ok()?;
    let endian = header.endian().ok()?;
    for segment in header.program_headers(endian, &file).ok()? {
        let Some(mut notes) = segment.notes(endian, &file).ok()? else { continue };
        while let Some(note) = notes.next().ok()? {
            if note.name() == ELF_NOTE_GNU && note.n_type(endian) == NT_GNU_BUILD_ID {
                return Some(hex(note.desc()));
            }
        }
    }
    None
}

/// Takes a tenth of a second for a program with all that a debugger wants.
fn hash() -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut File::open(std::env::current_exe()?)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex()[..16].to_owned())
}

#[cfg(test)]
mod tests {
    /// A start waits for this, so the long way is for other systems.
    #[test]
    #[cfg(target_os = "linux")]
    fn the_linker_has_named_this_program() {
        let name = super::linked().expect("a build id");
        assert!(name.len() >= 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    }
}
