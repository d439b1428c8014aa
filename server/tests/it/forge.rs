//! Servers that the portal reads from: git's own HTTP back end behind a password, and answers that tests choose.

use std::{
    collections::HashMap,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpListener, process::Command};

/// A request as it came: path with query, and what it showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
}

/// What a server does with a request.
type Answer = dyn Fn(&Request) -> Option<Response> + Send + Sync;

/// A server on this machine that notes what it is asked.
pub(crate) struct Web {
    /// `127.0.0.1:PORT`
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Clone)]
struct Serving {
    asked: Arc<Mutex<Vec<Asked>>>,
    answer: Arc<Answer>,
    repositories: Option<Arc<TempDir>>,
}

impl Web {
    /// Answers with what `answer` says, else 404.
    pub(crate) async fn start(answer: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static) -> Self {
        Self::serve(Arc::new(answer), None).await
    }

    /// Serves bare repositories below `OWNER/NAME.git` to whoever shows `user:password`.
    pub(crate) async fn git(user: &str, password: &str) -> GitServer {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let wanted = basic(user, password);
        let answer = move |request: &Request| {
            let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
            (shown != Some(&wanted)).then(|| {
                let ask = [(header::WWW_AUTHENTICATE, "Basic realm=\"quay\"")];
                (StatusCode::UNAUTHORIZED, ask, "who are you?").into_response()
            })
        };
        let web = Self::serve(Arc::new(answer), Some(folder.clone())).await;
        GitServer { web, folder }
    }

    async fn serve(answer: Arc<Answer>, repositories: Option<Arc<TempDir>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let serving = Serving { asked: asked.clone(), answer, repositories };
        let router = Router::new().fallback(handle).with_state(serving);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, asked }
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Forgets the requests so far, and returns their paths.
    pub(crate) fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap()).into_iter().map(|asked| asked.path).collect()
    }
}

/// The header of a user and a password.
pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

async fn handle(State(serving): State<Serving>, request: Request) -> Response {
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let authorization = request.headers().get(header::AUTHORIZATION);
    let authorization = authorization.and_then(|value| value.to_str().ok()).map(str::to_owned);
    serving.asked.lock().unwrap().push(Asked { path, authorization });
    match ((serving.answer)(&request), &serving.repositories) {
        (Some(response), _) => response,
        (None, Some(folder)) => http_backend(folder.path(), request).await,
        (None, None) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Runs `git http-backend`, as a web server does by CGI.
async fn http_backend(root: &Path, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 16 * 1024 * 1024).await.unwrap();
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let variables: HashMap<&str, String> = HashMap::from([
        ("GIT_PROJECT_ROOT", root.display().to_string()),
        ("GIT_HTTP_EXPORT_ALL", "1".into()),
        ("GIT_CONFIG_COUNT", "1".into()),
        ("GIT_CONFIG_KEY_0", "safe.directory".into()),
        ("GIT_CONFIG_VALUE_0", "*".into()),
        ("GIT_PROTOCOL", text("git-protocol").into()),
        ("HTTP_CONTENT_ENCODING", text("content-encoding").into()),
        ("PATH_INFO", parts.uri.path().into()),
        ("QUERY_STRING", parts.uri.query().unwrap_or_default().into()),
        ("REQUEST_METHOD", parts.method.to_string()),
        ("CONTENT_TYPE", text("content-type").into()),
        ("CONTENT_LENGTH", body.len().to_string()),
        ("REMOTE_USER", "causeway".into()),
    ]);
    let mut child = Command::new("git")
        .arg("http-backend")
        .envs(variables)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let write = async move {
        let _ = stdin.write_all(&body).await;
    };
    let ((), output) = tokio::join!(write, child.wait_with_output());
    let output = output.unwrap().stdout;
    let end = output.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(output.len());
    let mut response = Response::new(Body::from(output.get(end + 4..).unwrap_or_default().to_vec()));
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        let Some((name, value)) = line.split_once(": ") else { continue };
        if name == "Status" {
            *response.status_mut() = value[..3].parse().unwrap();
        } else {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            response.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
        }
    }
    response
}

/// Private repositories.
pub(crate) struct GitServer {
    pub(crate) web: Web,
    folder: Arc<TempDir>,
}

impl GitServer {
    /// Makes a repository with one commit, and returns its address.
    pub(crate) fn repository(&self, name: &str, files: &[(&str, &str)]) -> String {
        let work = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = work.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let bare = self.folder.path().join(format!("{name}.git")).display().to_string();
        for arguments in [
            &["init", "--quiet", "--initial-branch=main"][..],
            &["add", "."],
            &["commit", "--quiet", "--message", "Begin"],
            &["clone", "--quiet", "--bare", ".", &bare],
        ] {
            let status = std::process::Command::new("git")
                .args(["-c", "user.name=Ama", "-c", "user.email=ama@saltmarsh.example"])
                .args(arguments)
                .current_dir(work.path())
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .status();
            assert!(status.unwrap().success(), "git {arguments:?}");
        }
        format!("http://{}/{name}.git", self.web.address)
    }
}
