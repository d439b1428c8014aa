//! What an installation decides: `causeway.toml`, then `CAUSEWAY_SECTION__NAME`, then the command line.
//!
//! The file is strict: a setting that does not exist is an error that names it and its line. `causeway.example.toml` in the
//! repository documents each one.

mod audit;
mod clusters;
mod credentials;
mod permission;
mod sign_in;

use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

pub(crate) use self::{
    audit::{Audit, outlet},
    clusters::{Cluster, clusters},
    credentials::{Credential, configured},
    permission::{Permission, permission, policies, read as read_policies},
    sign_in::{SignIn, client_secrets, doors},
};
use crate::cli::{Installation, Problem};

/// All settings, a section per concern.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) server: Server,
    pub(crate) data: Data,
    pub(crate) database: Database,
    pub(crate) catalog: Catalog,
    pub(crate) outbound: Outbound,
    /// `[links]`: where the organisation's tools are.
    pub(crate) links: domain::catalog::Tools,
    pub(crate) limits: Limits,
    pub(crate) log: Log,
    pub(crate) sign_in: SignIn,
    pub(crate) permission: Permission,
    pub(crate) audit: Audit,
    pub(crate) secrets: Secrets,
    /// `[credentials.NAME]`
    pub(crate) credentials: BTreeMap<String, Credential>,
    /// `[clusters.NAME]`
    pub(crate) clusters: BTreeMap<String, Cluster>,
}

/// `[secrets]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Secrets {
    /// Seals secrets in the database; a file in the data folder where it is missing.
    pub(crate) key: Option<SecretString>,
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Server {
    /// Address and port to listen on.
    pub(crate) listen: SocketAddr,
    /// How people reach the portal; derived from `listen` where it is missing.
    pub(crate) base_url: Option<String>,
    /// The organisation's name.
    pub(crate) organisation: Option<String>,
    /// Addresses of proxies in front, whose `X-Forwarded-For` counts.
    pub(crate) proxies: Vec<String>,
    /// Addresses from which `/metrics` is read without a token, or `all`.
    pub(crate) metrics_open_to: Vec<String>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 3000).into(),
            base_url: None,
            organisation: None,
            proxies: Vec::new(),
            metrics_open_to: Vec::new(),
        }
    }
}

/// `[data]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Data {
    /// The folder for everything that Causeway keeps.
    pub(crate) dir: PathBuf,
}

impl Default for Data {
    fn default() -> Self {
        Self { dir: "data".into() }
    }
}

/// `[database]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Database {
    /// `postgres://…`; SQLite in the data folder where it is missing.
    pub(crate) url: Option<SecretString>,
}

/// `[catalog]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Catalog {
    /// Minutes between two syncs of a source.
    pub(crate) sync_minutes: u32,
    /// Whether the page of an API shows commands that call it, to be copied.
    pub(crate) call_commands: bool,
    /// Days that an entity which its source no longer declares stays in sight; 0 removes it at once.
    pub(crate) orphan_days: u32,
}

impl Default for Catalog {
    fn default() -> Self {
        let services::CatalogSettings { sync_minutes, orphan_days } = services::CatalogSettings::default();
        Self { sync_minutes, call_commands: false, orphan_days }
    }
}

/// `[outbound]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Outbound {
    /// Hosts (`git.internal`, `10.1.2.3:8443`) that may be fetched from although their address is internal.
    pub(crate) allow: Vec<String>,
}

/// `[limits]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    /// Largest request body, in MiB (pushes to the embedded Git hosting have their own).
    pub(crate) body_mib: usize,
    /// Requests a second from one address, over a burst of four seconds' worth; 0 is no limit.
    pub(crate) requests_per_second: u32,
    /// Seconds after which a request without an answer is given up.
    pub(crate) request_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_mib: 10, requests_per_second: 0, request_seconds: 30 }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object a line, for machines.
    Json,
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `info,services=debug`.
    pub(crate) level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".into() }
    }
}

impl Settings {
    /// Reads the file that `installation` names (or `causeway.toml` here), then the environment.
    pub(crate) fn load(installation: &Installation) -> Result<Self, Problem> {
        let path = installation.config.clone().or_else(|| {
            let here = PathBuf::from("causeway.toml");
            here.exists().then_some(here)
        });
        let text = match &path {
            Some(path) => fs::read_to_string(path)
                .map_err(|error| format!("the configuration file `{}` cannot be read: {error}", path.display()))?,
            None => String::new(),
        };
        let variables = std::env::vars().filter(|(name, _)| name.starts_with("CAUSEWAY_") && name.contains("__"));
        let mut settings = Self::read(&text, path.as_deref(), variables)?;
        if let Some(data) = &installation.data {
            settings.data.dir.clone_from(data);
        }
        Ok(settings)
    }

    fn read(
        text: &str,
        path: Option<&Path>,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Problem> {
        let name = path.map_or_else(|| "causeway.toml".to_owned(), |path| path.display().to_string());
        // On its own first: only the text knows its lines.
        toml::from_str::<Self>(text).map_err(|error| format!("{name}: {error}"))?;
        let mut table: toml::Table = toml::from_str(text).map_err(|error| format!("{name}: {error}"))?;
        let mut named = Vec::new();
        for (variable, value) in variables {
            let path: Vec<String> = variable["CAUSEWAY_".len()..].split("__").map(str::to_lowercase).collect();
            let [section, setting] = path.as_slice() else {
                return Err(format!("`{variable}` names no setting; write CAUSEWAY_SECTION__NAME").into());
            };
            let value = toml::from_str::<toml::Table>(&format!("value = {value}"))
                .ok()
                .and_then(|mut parsed| parsed.remove("value"))
                .filter(|parsed| !matches!(parsed, toml::Value::Datetime(_)))
                .unwrap_or(toml::Value::String(value));
            let section = table.entry(section.clone()).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            if let toml::Value::Table(section) = section {
                section.insert(setting.clone(), value);
            }
            named.push(variable);
        }
        named.sort();
        Self::deserialize(table)
            .map_err(|error| format!("the environment ({}): {}", named.join(", "), error.to_string().trim_end()).into())
    }

    /// Where the database is: the configured one, or SQLite in the data folder.
    pub(crate) fn database_url(&self) -> SecretString {
        self.database.url.clone().unwrap_or_else(|| {
            let file = self.data.dir.join("causeway.sqlite3");
            SecretString::from(format!("sqlite:{}", file.display()))
        })
    }

    /// Whether the database is the embedded one.
    pub(crate) fn is_embedded(&self) -> bool {
        self.database_url().expose_secret().starts_with("sqlite:")
    }

    /// How people reach the portal, when it listens on `address`.
    pub(crate) fn base_url(&self, address: SocketAddr) -> String {
        match &self.server.base_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, variables: &[(&str, &str)]) -> Result<Settings, String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::read(text, None, variables).map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_setting_that_does_not_exist_is_named_with_its_line() {
        let problem = read("[server]\nlisten = \"127.0.0.1:3000\"\nlisen = 1\n", &[]).unwrap_err();
        assert!(problem.contains("line 3") && problem.contains("lisen"), "{problem}");
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let settings = read(
            "[limits]\nbody_mib = 3\n",
            &[("CAUSEWAY_LIMITS__BODY_MIB", "7"), ("CAUSEWAY_SERVER__LISTEN", "127.0.0.1:0")],
        )
        .unwrap();
        assert_eq!((settings.limits.body_mib, settings.server.listen.port()), (7, 0));
    }

    #[test]
    fn a_variable_that_names_no_setting_is_refused() {
        assert!(read("", &[("CAUSEWAY_SERVER__LISEN", "x")]).unwrap_err().contains("CAUSEWAY_SERVER__LISEN"));
    }

    #[test]
    fn a_database_password_does_not_print() {
        let settings = read("[database]\nurl = \"postgres://me:hunter2@db/causeway\"\n", &[]).unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn the_documented_file_holds_every_default() {
        let documented = include_str!("../../causeway.example.toml");
        let uncommented: String = documented
            .lines()
            .map(|line| line.strip_prefix("# ").filter(|l| l.contains(" = ") || l.starts_with('[')).unwrap_or(line))
            .collect::<Vec<_>>()
            .join("\n");
        read(&uncommented, &[]).unwrap();
    }
}
