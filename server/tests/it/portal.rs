//! One running Causeway: the real binary, a database and a data folder of its own.

use std::{
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::postgres;

/// Longest wait for something that should happen at once; generous, since machines can be busy.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Where rows are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// Writes a promise once and runs it on both databases:
/// `both! { async fn a_name_is_taken_once(portal) { … } }`.
macro_rules! both {
    ($($(#[$meta:meta])* async fn $name:ident($portal:pat) $body:block)*) => {
        $(
            $(#[$meta])*
            async fn $name($portal: $crate::portal::Portal) $body

            mod $name {
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn on_sqlite() {
                    super::$name($crate::portal::Portal::start($crate::portal::Backend::Sqlite).await).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn on_postgres() {
                    super::$name($crate::portal::Portal::start($crate::portal::Backend::Postgres).await).await;
                }
            }
        )*
    };
}

/// What a portal is started with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    variables: Vec<(String, String)>,
}

impl Options {
    /// A setting, as `SECTION__NAME`.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((format!("CAUSEWAY_{name}"), value.to_owned()));
        self
    }

    /// An environment variable that is no setting, such as a secret that one refers to.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// One running server.
pub(crate) struct Portal {
    pub(crate) base: String,
    pub(crate) client: Client,
    pub(crate) data: TempDir,
    options: Options,
    database: Option<String>,
    process: Child,
    said: Said,
}

/// What a server wrote to its log.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<String>>>);

impl Portal {
    pub(crate) async fn start(backend: Backend) -> Self {
        Self::start_with(backend, Options::default()).await
    }

    pub(crate) async fn start_with(backend: Backend, options: Options) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("data");
        let prepare = move || match backend {
            Backend::Sqlite => {
                copy_migrated(&folder);
                None
            }
            Backend::Postgres => Some(postgres::new_database()),
        };
        let database = tokio::task::spawn_blocking(prepare).await.unwrap();
        Self::open(options, database, data).await
    }

    /// One on a database as it is, which is the one in `data` or that in PostgreSQL.
    pub(crate) async fn open(options: Options, database: Option<String>, data: TempDir) -> Self {
        let said = Said::default();
        let (process, base) = spawn(&options, database.as_deref(), data.path(), "127.0.0.1:0", &said).await;
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build().unwrap();
        Self { base, client, data, options, database, process, said }
    }

    /// Another server on the same database, with a data folder of its own.
    pub(crate) async fn beside(&self) -> Self {
        assert!(self.database.is_some(), "an embedded database has one server");
        Self::open(self.options.clone(), self.database.clone(), tempfile::tempdir().unwrap()).await
    }

    /// What the server has written to its log so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.said.0.lock().unwrap().clone()
    }

    /// Where its rows are, if they are in PostgreSQL.
    pub(crate) fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// Ends the process as `kill -9` does.
    pub(crate) async fn kill(&mut self) {
        self.process.kill().await.unwrap();
    }

    /// Waits until the process has ended by itself, and says how.
    pub(crate) async fn ended(&mut self) -> std::process::ExitStatus {
        timeout(PATIENCE, self.process.wait()).await.expect("the server ends").unwrap()
    }

    /// Asks the process to stop.
    pub(crate) async fn terminate(&mut self) {
        let id = self.process.id().unwrap().to_string();
        assert!(Command::new("kill").arg(id).status().await.unwrap().success());
    }

    /// Starts again on the same data and the same address.
    pub(crate) async fn restart(&mut self) {
        let listen = self.base.trim_start_matches("http://").to_owned();
        (self.process, self.base) =
            spawn(&self.options, self.database.as_deref(), self.data.path(), &listen, &self.said).await;
    }

    /// Starts again with other options.
    pub(crate) async fn restart_with(&mut self, options: Options) {
        self.options = options;
        self.restart().await;
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    /// The JSON of a GET that must succeed.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, StatusCode::OK, "GET {path}: {text}");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("GET {path}: {error}: {text}"))
    }

    /// Status and JSON (or text) of a POST.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let response = self.request(Method::POST, path).json(body).send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Asks again and again until `probe` has an answer; panics with `what` when patience ends.
    pub(crate) async fn until<T>(&self, what: &str, mut probe: impl AsyncFnMut(&Self) -> Option<T>) -> T {
        let wait = async {
            loop {
                if let Some(answer) = probe(self).await {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        };
        timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("waited in vain: {what}"))
    }

    /// Writes a file below the portal's data folder's neighbour `files` and returns its path.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.data.path().join("files").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}

/// Prepares a database as `causeway migrate` does: the one in `data`, or in PostgreSQL.
pub(crate) fn migrate(data: &Path, database: Option<&str>) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_causeway"));
    command.args(["migrate", "--data"]).arg(data).current_dir(data).env_remove("RUST_LOG");
    if let Some(database) = database {
        command.env("CAUSEWAY_DATABASE__URL", database);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "causeway migrate: {}", String::from_utf8_lossy(&output.stderr));
}

/// Puts an embedded database with all tables into `data`. They are made once and copied: most of a start's time goes there.
fn copy_migrated(data: &Path) {
    const FILE: &str = "causeway.sqlite3";
    static MIGRATED: OnceLock<Vec<u8>> = OnceLock::new();
    let migrated = MIGRATED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        migrate(folder.path(), None);
        assert!(!folder.path().join(format!("{FILE}-wal")).exists(), "whoever leaves last leaves one file");
        std::fs::read(folder.path().join(FILE)).unwrap()
    });
    std::fs::create_dir_all(data).unwrap();
    std::fs::write(data.join(FILE), migrated).unwrap();
}

/// Starts the binary and waits until it says where it serves.
async fn spawn(options: &Options, database: Option<&str>, data: &Path, listen: &str, said: &Said) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_causeway"));
    command
        .args(["serve", "--listen", listen, "--data"])
        .arg(data.join("data"))
        .current_dir(data)
        .env_remove("RUST_LOG")
        .env("CAUSEWAY_LOG__LEVEL", std::env::var("TEST_LOG").unwrap_or_else(|_| "warn".into()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    if let Some(database) = database {
        command.env("CAUSEWAY_DATABASE__URL", database);
    }
    for (name, value) in &options.variables {
        command.env(name, value);
    }
    let mut child = command.spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap()).lines();
    let stderr = child.stderr.take().unwrap();
    // Test output is where its log belongs; it must be read, or the server would block on a full pipe.
    let written = said.clone();
    let log = tokio::spawn(async move {
        let mut lines = BufReader::new(stderr).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if !line.contains("sqlx::query") {
                eprintln!("causeway: {line}");
            }
            written.0.lock().unwrap().push(line);
        }
    });
    let ready = async {
        while let Ok(Some(line)) = stdout.next_line().await {
            if let Some(base) = line.strip_prefix("Causeway serves ") {
                return Some(base.to_owned());
            }
        }
        None
    };
    let base = timeout(PATIENCE, ready).await.expect("the server says where it serves");
    let Some(base) = base else {
        let _ = log.await;
        panic!("the server did not start: {}", said.0.lock().unwrap().join("\n"));
    };
    tokio::spawn(async move { while let Ok(Some(_)) = stdout.next_line().await {} });
    (child, base)
}
