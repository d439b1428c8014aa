//! A PostgreSQL cluster for this test run, a database for each test.
//!
//! It lives as long as the pipe to the shell that watches over it: when the tests end, however they end, so does the cluster.

use std::{
    fs,
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

struct Cluster {
    port: u16,
    bin: PathBuf,
    // Kept for its end: dropping its standard input stops the cluster.
    _watch: Child,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The address of a new database that is like `template`, which nobody uses.
pub(crate) fn database_like(template: &str) -> String {
    CLUSTER.get_or_init(start).database(template)
}

impl Cluster {
    /// The address of a new database that is like `template`.
    fn database(&self, template: &str) -> String {
        let name = format!("causeway_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    fn sql(&self, statement: &str) {
        let output = self.psql(statement);
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn psql(&self, statement: &str) -> std::process::Output {
        Command::new(self.bin.join("psql"))
            .args(["-h", "127.0.0.1", "-U", "postgres", "-d", "postgres", "-qc", statement, "-p"])
            .arg(self.port.to_string())
            .output()
            .expect("psql comes with PostgreSQL")
    }
}

fn start() -> Cluster {
    let bin = binaries();
    let folder = tempfile::Builder::new().prefix("causeway-postgres-").tempdir().unwrap().keep();
    let data = folder.join("data");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let user = unprivileged(&folder);
    let mut initdb = as_user(user, &bin.join("initdb"));
    let initdb = initdb.args(["--auth=trust", "--username=postgres", "--no-sync", "-E", "UTF8", "-D"]).arg(&data);
    let output = initdb.current_dir(&folder).output().unwrap();
    assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
    let settings = format!(
        "listen_addresses='127.0.0.1'\nport={port}\nunix_socket_directories=''\nfsync=off\nsynchronous_commit=off\n\
         full_page_writes=off\nmax_connections=300\nshared_buffers=64MB\n"
    );
    fs::OpenOptions::new()
        .append(true)
        .open(data.join("postgresql.conf"))
        .unwrap()
        .write_all(settings.as_bytes())
        .unwrap();
    let mut watch = as_user(user, Path::new("sh"));
    let script = r#""$0" -D "$1" >"$1/log" 2>&1 & read _; kill -INT $!; wait $!; rm -rf "$2""#;
    let watch = watch
        .args(["-c", script])
        .args([bin.join("postgres"), data.clone(), folder.clone()])
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let cluster = Cluster { port, bin, _watch: watch };
    let deadline = Instant::now() + Duration::from_secs(30);
    while !cluster.psql("SELECT 1").status.success() {
        let log = || fs::read_to_string(data.join("log")).unwrap_or_default();
        assert!(Instant::now() < deadline, "PostgreSQL did not start: {}", log());
        thread::sleep(Duration::from_millis(50));
    }
    cluster
}

/// The folder of `initdb` and `postgres`: on the path, or where Debian keeps the newest version.
pub(crate) fn binaries() -> PathBuf {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    let on_path = std::env::var_os("PATH")
        .and_then(|path| std::env::split_paths(&path).find(|folder| folder.join("initdb").exists()));
    found.pop().or(on_path).expect("PostgreSQL is installed: run `make setup`")
}

/// PostgreSQL refuses to run as root; then another user gets the folder.
fn unprivileged(folder: &Path) -> Option<&'static str> {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout != b"0\n" {
        return None;
    }
    let owned = Command::new("chown").arg("nobody").arg(folder).status().unwrap();
    assert!(owned.success());
    Some("nobody")
}

fn as_user(user: Option<&str>, program: &Path) -> Command {
    match user {
        None => Command::new(program),
        Some(user) => {
            let mut command = Command::new("setpriv");
            command.arg(format!("--reuid={user}")).args(["--regid=nogroup", "--clear-groups", "--"]).arg(program);
            command
        }
    }
}
