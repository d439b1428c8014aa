//! How a cluster is reached: a server and a token, a kubeconfig, or the service account of the pod that this is.

use std::{env, fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Certificate, Identity};
use secrecy::SecretString;
use serde::Deserialize;
use services::{catalog::ports::ReadProblem, secrets::Reference};
use url::Url;

/// Where a pod finds what it may use.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The largest kubeconfig.
const LARGEST: u64 = 4 * 1024 * 1024;

/// A cluster of the configuration.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// What it is called.
    pub name: String,
    /// How it is reached.
    pub way: Way,
}

/// How a cluster is reached.
#[derive(Debug, Clone)]
pub enum Way {
    /// As the pod that this server runs in.
    InCluster,
    /// As `kubectl` does.
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// The context; the current one where it is missing.
        context: Option<String>,
    },
    /// With a token.
    Token {
        /// `https://10.0.0.1:6443`
        server: String,
        /// The certificates of its authority; those that the machine trusts where it is missing.
        ca: Option<Reference>,
        /// Where the token is.
        token: Reference,
    },
}

/// All that a request needs.
pub(super) struct Access {
    pub(super) server: Url,
    pub(super) authorities: Vec<Certificate>,
    pub(super) identity: Option<Identity>,
    pub(super) token: Option<SecretString>,
    /// How the credential is corrected.
    pub(super) mend: String,
}

impl Cluster {
    /// Reads what there is now: tokens of pods change every hour.
    pub(super) fn access(&self) -> Result<Access, ReadProblem> {
        let name = &self.name;
        let wrong = |why: String| ReadProblem::Refused(format!("the cluster `{name}` cannot be reached: {why}"));
        match &self.way {
            Way::InCluster => {
                let variable = |name: &str| {
                    env::var(name).map_err(|_| {
                        wrong("this server runs in no pod; set `kubeconfig`, or `server` and `token`".into())
                    })
                };
                let (host, port) = (variable("KUBERNETES_SERVICE_HOST")?, variable("KUBERNETES_SERVICE_PORT")?);
                let host = if host.contains(':') { format!("[{host}]") } else { host };
                let file = |file: &str| Reference::File(format!("{ACCOUNT}/{file}").into());
                token_access(&format!("https://{host}:{port}"), Some(&file("ca.crt")), &file("token")).map_err(wrong)
            }
            Way::Token { server, ca, token } => token_access(server, ca.as_ref(), token).map_err(wrong),
            Way::Kubeconfig { path, context } => kubeconfig(path, context.as_deref()).map_err(wrong),
        }
    }
}

fn token_access(server: &str, ca: Option<&Reference>, token: &Reference) -> Result<Access, String> {
    let authorities = match ca {
        Some(ca) => certificates(secrecy::ExposeSecret::expose_secret(&ca.read()?).as_bytes())?,
        None => Vec::new(),
    };
    Ok(Access {
        server: address(server)?,
        authorities,
        identity: None,
        token: Some(token.read()?),
        mend: format!("see that it is valid, and correct {token}"),
    })
}

fn address(server: &str) -> Result<Url, String> {
    let mut url = Url::parse(server).map_err(|error| format!("`{server}` is not an address: {error}"))?;
    if !["https", "http"].contains(&url.scheme()) {
        return Err(format!("`{server}` is no address of the web; write it like `https://10.0.0.1:6443`"));
    }
    let path = format!("{}/", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, String> {
    Certificate::from_pem_bundle(pem).map_err(|error| format!("its authority's certificates cannot be read: {error}"))
}

#[derive(Debug, Deserialize)]
struct Kubeconfig {
    #[serde(default, rename = "current-context")]
    current: String,
    #[serde(default)]
    contexts: Vec<Named<Context>>,
    #[serde(default)]
    clusters: Vec<Named<ClusterEntry>>,
    #[serde(default)]
    users: Vec<Named<User>>,
}

#[derive(Debug, Deserialize)]
struct Named<T> {
    name: String,
    #[serde(alias = "context", alias = "cluster", alias = "user")]
    value: T,
}

#[derive(Debug, Deserialize)]
struct Context {
    cluster: String,
    #[serde(default)]
    user: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ClusterEntry {
    server: String,
    certificate_authority: Option<PathBuf>,
    certificate_authority_data: Option<String>,
    #[serde(default)]
    insecure_skip_tls_verify: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct User {
    token: Option<SecretString>,
    #[serde(rename = "tokenFile")]
    token_file: Option<PathBuf>,
    client_certificate: Option<PathBuf>,
    client_certificate_data: Option<String>,
    client_key: Option<PathBuf>,
    client_key_data: Option<SecretString>,
    exec: Option<serde_json::Value>,
    auth_provider: Option<serde_json::Value>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("User")
    }
}

fn kubeconfig(path: &PathBuf, context: Option<&str>) -> Result<Access, String> {
    let shown = path.display();
    if fs::metadata(path).is_ok_and(|about| about.len() > LARGEST) {
        return Err(format!("`{shown}` is too large for a kubeconfig"));
    }
    let text = fs::read_to_string(path).map_err(|error| format!("`{shown}` cannot be read: {error}"))?;
    // What the parser says could repeat a line with a token in it.
    let read: Kubeconfig = serde_saphyr::from_str(&text)
        .map_err(|_| format!("`{shown}` is no kubeconfig; check it with `kubectl config view`"))?;
    let folder = path.parent().unwrap_or(std::path::Path::new("/"));
    let wanted = context.unwrap_or(&read.current);
    let missing = |what: &str, name: &str| format!("`{shown}` has no {what} `{name}`; name another in `context`");
    let context = find(&read.contexts, wanted).ok_or_else(|| missing("context", wanted))?;
    let cluster = find(&read.clusters, &context.cluster).ok_or_else(|| missing("cluster", &context.cluster))?;
    if cluster.insecure_skip_tls_verify {
        return Err(format!("`{shown}` does not check who the server is; give its `certificate-authority`"));
    }
    let file = |path: &PathBuf| {
        fs::read(folder.join(path))
            .map_err(|error| format!("`{}` cannot be read: {error}", folder.join(path).display()))
    };
    let decoded = |text: &str| STANDARD.decode(text).map_err(|_| format!("`{shown}` holds data that is not Base64"));
    let either = |data: Option<&str>, path: Option<&PathBuf>| match (data, path) {
        (Some(data), _) => decoded(data).map(Some),
        (None, Some(path)) => file(path).map(Some),
        (None, None) => Ok(None),
    };
    let authority = either(cluster.certificate_authority_data.as_deref(), cluster.certificate_authority.as_ref())?;
    let authorities = authority.map_or(Ok(Vec::new()), |pem| certificates(&pem))?;
    let (mut token, mut identity) = (None, None);
    if let Some(user) = find(&read.users, &context.user) {
        let certificate = either(user.client_certificate_data.as_deref(), user.client_certificate.as_ref())?;
        let key = user.client_key_data.as_ref().map(secrecy::ExposeSecret::expose_secret);
        let key = either(key, user.client_key.as_ref())?;
        token = match (&user.token, &user.token_file) {
            (Some(token), _) => Some(token.clone()),
            (None, Some(path)) => Some(Reference::File(folder.join(path)).read()?),
            (None, None) => None,
        };
        if let (Some(certificate), Some(key)) = (certificate, key) {
            let pem = [&certificate[..], b"\n", &key].concat();
            identity = Some(
                Identity::from_pem(&pem).map_err(|_| format!("the client certificate of `{shown}` cannot be read"))?,
            );
        }
        let is_program = user.exec.is_some() || user.auth_provider.is_some();
        if is_program && token.is_none() && identity.is_none() {
            return Err(format!(
                "`{shown}` signs in by a program, which is not run here; make a service account, and set `server` and `token`"
            ));
        }
    }
    Ok(Access { server: address(&cluster.server)?, authorities, identity, token, mend: format!("correct `{shown}`") })
}

fn find<'a, T>(all: &'a [Named<T>], name: &str) -> Option<&'a T> {
    all.iter().find(|named| named.name == name).map(|named| &named.value)
}
