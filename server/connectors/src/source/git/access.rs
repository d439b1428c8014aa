//! How git is let in: a credential in its environment, never on a command line, in an address or in a file that stays.

use std::{fs, io, net::SocketAddr, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use services::catalog::{
    keys::{Held, Key, Proof},
    ports::ReadProblem,
};
use tempfile::TempDir;
use url::Url;

use super::command::{Failed, Git};

/// The user that forges take beside a token, whatever it says.
const TOKEN_USER: &str = "x-access-token";

/// One remote repository, and how it is reached.
pub(super) struct Access {
    url: Url,
    held: Held,
    way: Way,
}

enum Way {
    /// `HOST:PORT:ADDRESS`, so that no name is asked for again.
    Web {
        pinned: String,
    },
    Ssh(Ssh),
}

/// What one connection by SSH needs.
struct Ssh {
    command: String,
    /// Taken away when the repository was read.
    _files: TempDir,
}

impl Access {
    /// Prepares to reach `url` at the addresses that were looked at.
    pub(super) fn new(url: &Url, addresses: &[SocketAddr], held: Held, home: &Path) -> Result<Self, ReadProblem> {
        let way = if url.scheme() == "ssh" {
            let Held::Key(key) = &held else { return Err(held.refused(url.as_str())) };
            Way::Ssh(Ssh::prepare(url, addresses, key, home)?)
        } else {
            let host = url.host_str().unwrap_or_default();
            let port = url.port_or_known_default().unwrap_or(443);
            let addresses: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
            Way::Web { pinned: format!("{host}:{port}:{}", addresses.join(",")) }
        };
        Ok(Self { url: url.clone(), held, way })
    }

    /// What is known of the credential.
    pub(super) fn held(&self) -> &Held {
        &self.held
    }

    /// A call of git that can reach the repository.
    pub(super) fn lent(&self, git: Git) -> Git {
        match &self.way {
            Way::Web { pinned } => {
                let git = git.pinned(pinned);
                match &self.held {
                    Held::Key(key) => match authorization(key) {
                        // Bound to the very address: git sends it nowhere else.
                        Some(header) => git.configured(&format!("http.{}.extraHeader", self.url), &header),
                        None => git,
                    },
                    Held::Withheld(_) | Held::Nothing => git,
                }
            }
            Way::Ssh(ssh) => git.over_ssh(&ssh.command),
        }
    }

    /// What a failure means to whoever registered the repository.
    pub(super) fn explain(&self, failed: Failed) -> ReadProblem {
        let host = self.url.host_str().unwrap_or_default();
        match failed {
            Failed::Credentials => self.held.refused(self.url.as_str()),
            Failed::Missing => self.held.missing(self.url.as_str()),
            Failed::HostKey => {
                let name = if let Held::Key(key) = &self.held { key.name.as_str() } else { "" };
                ReadProblem::Refused(format!(
                    "the key that `{host}` shows is not one of the `known_hosts` of the credential `{name}`, so nothing was \
                     sent to it; compare it with what its owner publishes, and add its line"
                ))
            }
            Failed::Told(problem) => problem,
        }
    }
}

/// The header that stands for a credential.
fn authorization(key: &Key) -> Option<SecretString> {
    let (user, secret) = match &key.proof {
        Proof::Token { token, user } => (user.as_deref().unwrap_or(TOKEN_USER), token),
        Proof::Password { user, password } => (user.as_str(), password),
        Proof::Ssh { .. } => return None,
    };
    let pair = STANDARD.encode(format!("{user}:{}", secret.expose_secret()));
    Some(SecretString::from(format!("Authorization: Basic {pair}")))
}

impl Ssh {
    fn prepare(url: &Url, addresses: &[SocketAddr], key: &Key, home: &Path) -> Result<Self, ReadProblem> {
        let Proof::Ssh { user, key, known_hosts } = &key.proof else {
            return Err(ReadProblem::Refused(format!("the credential `{}` is no key for SSH", key.name)));
        };
        // They become part of a command line.
        let is_word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:[]".contains(&byte));
        let host = url.host_str().unwrap_or_default();
        let user = if url.username().is_empty() { user.as_deref().unwrap_or("git") } else { url.username() };
        let Some(address) = addresses.first().filter(|_| is_word(host) && is_word(user) && !user.starts_with('-'))
        else {
            return Err(ReadProblem::Refused(format!("`{url}` names no host and user that SSH can reach")));
        };
        let disk =
            |error: io::Error| ReadProblem::Unreachable(format!("the key cannot be put on disk for SSH: {error}"));
        // Only its owner can enter a folder that is made so.
        let files = TempDir::with_prefix_in("ssh-", home).map_err(disk)?;
        let (key_file, hosts_file) = (files.path().join("key"), files.path().join("known_hosts"));
        write_private(&key_file, key.expose_secret()).map_err(disk)?;
        write_private(&hosts_file, &format!("{}\n", known_hosts.trim())).map_err(disk)?;
        let port = url.port().unwrap_or(22);
        // As `known_hosts` names it.
        let alias = if port == 22 { host.to_owned() } else { format!("[{host}]:{port}") };
        let options = [
            format!("HostName={}", address.ip()),
            format!("HostKeyAlias={alias}"),
            format!("Port={port}"),
            format!("User={user}"),
            format!("IdentityFile={}", key_file.display()),
            format!("UserKnownHostsFile={}", hosts_file.display()),
            "GlobalKnownHostsFile=/dev/null".into(),
            "StrictHostKeyChecking=yes".into(),
            "CheckHostIP=no".into(),
            "UpdateHostKeys=no".into(),
            "IdentitiesOnly=yes".into(),
            "IdentityAgent=none".into(),
            "PreferredAuthentications=publickey".into(),
            "BatchMode=yes".into(),
            "ConnectTimeout=10".into(),
            "ForwardAgent=no".into(),
            "ClearAllForwardings=yes".into(),
            "PermitLocalCommand=no".into(),
            "ProxyCommand=none".into(),
        ];
        let mut command = "ssh -F none".to_owned();
        for option in options {
            command.push_str(" -o ");
            command.push_str(&quoted(&option));
        }
        Ok(Self { command, _files: files })
    }
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::Write::write_all(&mut options.open(path)?, text.as_bytes())
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
