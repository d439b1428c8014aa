//! Secrets that must be read again, such as those that sign webhooks: sealed in the database by a key that is not in it.

mod reference;

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};
use secrecy::{ExposeSecret, SecretString};

pub use self::reference::{NotAReference, Reference};
use crate::{Error, Result};

/// Shorter keys can be guessed.
const SHORTEST: usize = 32;

/// The file of the key that an installation makes for itself.
const FILE: &str = "secret.key";

/// Whether what someone sent is the secret that is expected of them. The hashes of both are compared, and those in constant time: how
/// long it takes depends neither on how much was right nor on how long the secret is.
pub(crate) fn is_same(sent: &str, expected: &str) -> bool {
    blake3::hash(sent.as_bytes()) == blake3::hash(expected.as_bytes())
}

/// Seals and opens secrets.
pub struct Keeper(LessSafeKey);

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keeper")
    }
}

impl Keeper {
    /// The keeper with the configured key, or else with the one in the data folder, made at the first start.
    pub fn open(data: &Path, configured: Option<&SecretString>) -> Result<Self> {
        match configured {
            Some(key) if key.expose_secret().len() < SHORTEST => Err(Error::Rejected(format!(
                "`[secrets] key` has {} characters; use {SHORTEST} or more, for example from `openssl rand -hex 32`",
                key.expose_secret().len()
            ))),
            Some(key) => Self::with(key),
            None => Self::with(&of_folder(data)?),
        }
    }

    fn with(key: &SecretString) -> Result<Self> {
        let key = blake3::derive_key("causeway 2026-11 secrets in the database", key.expose_secret().as_bytes());
        let key = UnboundKey::new(&CHACHA20_POLY1305, &key);
        Ok(Self(LessSafeKey::new(key.map_err(|_| Error::Internal("a key of 32 bytes was refused".into()))?)))
    }

    /// Seals a secret for one place, such as `webhook SOURCE`: nowhere else can it be opened.
    pub fn seal(&self, secret: &SecretString, place: &str) -> Result<String> {
        let nonce = random::<NONCE_LEN>()?;
        let mut sealed = secret.expose_secret().as_bytes().to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut sealed)
            .map_err(|_| Error::Internal("a secret could not be sealed".into()))?;
        Ok(STANDARD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens what was sealed for `place`.
    pub fn unseal(&self, sealed: &str, place: &str) -> Result<SecretString> {
        let foreign = || Error::Unavailable {
            system: "secrets".into(),
            why: format!(
                "a secret was sealed by another key than this server has; set `[secrets] key` to the same on all of \
                 them, keep `{FILE}` with the data, or make the secret anew"
            ),
        };
        let mut bytes = STANDARD.decode(sealed).map_err(|_| foreign())?;
        if bytes.len() < NONCE_LEN {
            return Err(foreign());
        }
        let mut rest = bytes.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&bytes).map_err(|_| foreign())?;
        let opened = self.0.open_in_place(nonce, Aad::from(place), &mut rest).map_err(|_| foreign())?;
        String::from_utf8(opened.to_vec()).map(SecretString::from).map_err(|_| foreign())
    }
}

/// Bytes that nobody can guess.
pub fn random<const LENGTH: usize>() -> Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Internal("the system gave no random bytes".into()))?;
    Ok(bytes)
}

fn of_folder(data: &Path) -> Result<SecretString> {
    let path = data.join(FILE);
    let read = || match fs::read_to_string(&path) {
        Ok(text) if text.trim().len() >= SHORTEST => Ok(Some(SecretString::from(text.trim().to_owned()))),
        Ok(_) => Err(Error::Internal(format!("`{}` holds no key; restore it, or remove it", path.display()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    };
    if let Some(key) = read()? {
        return Ok(key);
    }
    // Written beside and linked: whoever comes second finds a whole file and takes that one.
    let mut file = tempfile_in(data)?;
    file.1.write_all(blake3::Hash::from(random()?).to_hex().as_bytes())?;
    file.1.sync_all()?;
    let linked = fs::hard_link(&file.0, &path);
    fs::remove_file(&file.0)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
        _ => {}
    }
    read()?.ok_or_else(|| Error::Internal(format!("`{}` vanished", path.display())))
}

fn tempfile_in(data: &Path) -> Result<(std::path::PathBuf, fs::File)> {
    let name = format!(".{FILE}.{}", blake3::Hash::from(random()?).to_hex());
    let path = data.join(name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path)?;
    Ok((path, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_opened_by_its_key_and_at_its_place_alone() {
        let data = tempfile::tempdir().unwrap();
        let keeper = Keeper::open(data.path(), None).unwrap();
        let secret = SecretString::from("tide tables");
        let sealed = keeper.seal(&secret, "webhook a").unwrap();
        assert!(!sealed.contains("tide"));
        assert_ne!(sealed, keeper.seal(&secret, "webhook a").unwrap());
        let again = Keeper::open(data.path(), None).unwrap();
        assert_eq!(again.unseal(&sealed, "webhook a").unwrap().expose_secret(), "tide tables");
        assert!(again.unseal(&sealed, "webhook b").is_err());
        let other = Keeper::open(data.path(), Some(&SecretString::from("k".repeat(32)))).unwrap();
        for wrong in [sealed.as_str(), "", "AAAA", "!"] {
            assert!(other.unseal(wrong, "webhook a").unwrap_err().to_string().contains("[secrets] key"), "{wrong}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn the_key_of_a_folder_is_its_owners_alone_and_short_keys_are_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let data = tempfile::tempdir().unwrap();
        Keeper::open(data.path(), None).unwrap();
        let mode = fs::metadata(data.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(data.path()).unwrap().count(), 1);
        assert!(Keeper::open(data.path(), Some(&SecretString::from("short"))).is_err());
    }
}
