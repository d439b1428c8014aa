//! Git's smart protocol, spoken by `git upload-pack` and `git receive-pack` while bytes stream in and out.

use std::{
    io,
    path::Path,
    process::Stdio,
    sync::{Arc, LazyLock},
    time::Duration,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use connectors::hosting::git;
use futures::{Stream, StreamExt, stream};
use http::{HeaderMap, header};
use services::{Error, Result, identity::Permission};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, ChildStdin, ChildStdout},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};
use tokio_util::{io::ReaderStream, task::AbortOnDropHandle};

/// How many transfers go on at a time.
static TRANSFERS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(16)));
/// How long one may take.
const DEADLINE: Duration = Duration::from_mins(10);

/// What `git` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    /// A clone or fetch.
    Upload,
    /// A push.
    Receive,
}

impl Service {
    /// Reads the `service` of an address.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "git-upload-pack" => Some(Self::Upload),
            "git-receive-pack" => Some(Self::Receive),
            _ => None,
        }
    }

    pub(super) fn permission(self) -> Permission {
        match self {
            Self::Upload => Permission::ReadRepository,
            Self::Receive => Permission::WriteRepository,
        }
    }

    pub(super) fn request_type(self) -> &'static str {
        match self {
            Self::Upload => "application/x-git-upload-pack-request",
            Self::Receive => "application/x-git-receive-pack-request",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Upload => "upload-pack",
            Self::Receive => "receive-pack",
        }
    }

    /// How many bytes a request may have, unpacked.
    fn most(self) -> u64 {
        match self {
            Self::Upload => 16 << 20,
            Self::Receive => 512 << 20,
        }
    }
}

/// The branches and tags of a repository.
pub(super) async fn advertise(service: Service, repository: &Path, headers: &HeaderMap) -> Result<Response> {
    let protocol = protocol(headers);
    let call =
        git(repository).args([service.word(), "--stateless-rpc", "--http-backend-info-refs"]).arg_path(repository);
    let said = call.env("GIT_PROTOCOL", &protocol).read_bytes(None).await?;
    let mut body = Vec::with_capacity(said.len() + 64);
    if !protocol.split(':').any(|part| part == "version=2") {
        let line = format!("# service=git-{}\n", service.word());
        body.extend_from_slice(format!("{:04x}{line}0000", line.len() + 4).as_bytes());
    }
    body.extend_from_slice(&said);
    Ok(answer(&format!("application/x-git-{}-advertisement", service.word()), Body::from(body)))
}

/// One exchange: the request streams into `git`, what it says streams out. Dropping the response ends the process.
pub(super) fn transfer(service: Service, repository: &Path, headers: &HeaderMap, body: Body) -> Result<Response> {
    let permit = Arc::clone(&TRANSFERS)
        .try_acquire_owned()
        .map_err(|_| Error::Unavailable { system: "Git hosting".into(), why: "too many transfers at a time".into() })?;
    let call = git(repository).env("GIT_PROTOCOL", protocol(headers)).args([service.word(), "--stateless-rpc"]);
    let mut command = call.arg_path(repository).into_inner();
    let mut child = command
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| Error::Unavailable { system: "git".into(), why: format!("could not be started: {error}") })?;
    let missing = || Error::Internal("a process without its pipes".into());
    let input = child.stdin.take().ok_or_else(missing)?;
    let output = child.stdout.take().ok_or_else(missing)?;
    let feeder = AbortOnDropHandle::new(tokio::spawn(feed(body, input, service.most())));
    let exchange = Exchange {
        output: ReaderStream::with_capacity(output, 32 * 1024),
        deadline: Instant::now() + DEADLINE,
        _feeder: feeder,
        _child: child,
        _permit: permit,
    };
    Ok(answer(&format!("application/x-git-{}-result", service.word()), Body::from_stream(exchange.stream())))
}

/// A running exchange, which ends when it is dropped.
struct Exchange {
    output: ReaderStream<ChildStdout>,
    deadline: Instant,
    _feeder: AbortOnDropHandle<()>,
    // Killed when dropped.
    _child: Child,
    _permit: OwnedSemaphorePermit,
}

impl Exchange {
    fn stream(self) -> impl Stream<Item = io::Result<Bytes>> {
        stream::unfold(Some(self), |running| async {
            let mut running = running?;
            match timeout_at(running.deadline, running.output.next()).await {
                Ok(Some(Ok(bytes))) => Some((Ok(bytes), Some(running))),
                Ok(Some(Err(error))) => Some((Err(error), None)),
                Ok(None) => None,
                Err(_) => Some((Err(io::Error::new(io::ErrorKind::TimedOut, "the transfer took too long")), None)),
            }
        })
    }
}

/// Gives the request to `git`, up to `most` bytes; more ends the input, which `git` refuses as incomplete.
async fn feed(body: Body, mut input: ChildStdin, most: u64) {
    let mut parts = body.into_data_stream();
    let mut given = 0_u64;
    while let Some(Ok(part)) = parts.next().await {
        given += part.len() as u64;
        if given > most {
            tracing::warn!(limit = most, "a Git transfer was larger than allowed");
            return;
        }
        if input.write_all(&part).await.is_err() {
            return;
        }
    }
    let _ = input.shutdown().await;
}

/// The `Git-Protocol` that the client speaks, if it is one that could be meant.
fn protocol(headers: &HeaderMap) -> String {
    let asked = headers.get("git-protocol").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let fits = asked.len() <= 64 && asked.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'=' | b':' | b'.'));
    if fits { asked.to_owned() } else { String::new() }
}

fn answer(kind: &str, body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let value = header::HeaderValue::from_str(kind).expect("the kinds are made of letters and hyphens");
    headers.insert(header::CONTENT_TYPE, value);
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache, max-age=0, must-revalidate"));
    // A pack is compressed by itself; compressing it again costs time and gains nothing.
    headers.insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("identity"));
    response
}
