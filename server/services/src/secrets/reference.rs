//! Where a secret of the configuration is read: it is named there, never written there.

use std::{fmt, fs, path::PathBuf, str::FromStr};

use secrecy::SecretString;

/// The largest file that is taken for a secret.
const LARGEST: u64 = 64 * 1024;

/// Names a secret of the server: `env:NAME` or `file:/PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// An environment variable.
    Variable(String),
    /// A file.
    File(PathBuf),
}

/// A text names no secret. It is not repeated: it may be the secret itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a reference to a secret; write `env:NAME` or `file:/PATH`, never the secret itself")]
pub struct NotAReference;

impl FromStr for Reference {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        match text.split_once(':') {
            Some(("env", name)) if is_name(name) => Ok(Self::Variable(name.to_owned())),
            Some(("file", path)) if path.starts_with('/') => Ok(Self::File(path.into())),
            _ => Err(NotAReference),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "the environment variable `{name}`"),
            Self::File(path) => write!(f, "the file `{}`", path.display()),
        }
    }
}

impl Reference {
    /// The secret as it is now: a file that is replaced counts from then on.
    ///
    /// # Errors
    /// What is wrong and how to mend it, in words.
    pub fn read(&self) -> Result<SecretString, String> {
        let text = match self {
            Self::Variable(name) => {
                std::env::var(name).map_err(|_| format!("{self} is not set where the server runs; set it"))?
            }
            Self::File(path) => {
                let about = fs::metadata(path).map_err(|error| format!("{self} cannot be read: {error}"))?;
                if !about.is_file() || about.len() > LARGEST {
                    return Err(format!("{self} is no file of at most {} KiB", LARGEST / 1024));
                }
                fs::read_to_string(path).map_err(|error| format!("{self} cannot be read: {error}"))?
            }
        };
        if text.trim().is_empty() {
            return Err(format!("{self} is empty; put the secret there"));
        }
        // Keys of SSH end with a newline, and other secrets never do.
        Ok(SecretString::from(if text.contains("PRIVATE KEY") { text } else { text.trim().to_owned() }))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_is_named_and_never_repeated() {
        for wrong in ["ghp_0123456789", "env:", "env:A B", "file:relative", "sealed:x", ""] {
            let problem = wrong.parse::<Reference>().unwrap_err().to_string();
            assert!(wrong.is_empty() || !problem.contains("ghp_"), "{problem}");
        }
        assert_eq!("env:QUAY".parse::<Reference>().unwrap().to_string(), "the environment variable `QUAY`");
    }

    #[test]
    fn a_file_is_read_each_time_without_its_last_newline() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let reference: Reference = format!("file:{}", path.display()).parse().unwrap();
        assert!(reference.read().unwrap_err().contains("cannot be read"));
        for (written, read) in [("one\n", "one"), ("two", "two")] {
            fs::write(&path, written).unwrap();
            assert_eq!(reference.read().unwrap().expose_secret(), read);
        }
        fs::write(&path, " \n").unwrap();
        assert!(reference.read().unwrap_err().contains("is empty"));
        assert!("env:NO_SUCH_VARIABLE_HERE".parse::<Reference>().unwrap().read().unwrap_err().contains("is not set"));
    }
}
