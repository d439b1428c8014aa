//! Git's smart protocol, spoken by `git upload-pack` and `git receive-pack` while bytes stream in and out.

use std::{
    io,
    path::Path,
    pin::pin,
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
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Instant, timeout_at},
};
use tokio_util::{
    io::ReaderStream,
    task::{AbortOnDropHandle, TaskTracker},
};

use super::pushed::{Asked, Move, Reading, Report};

/// How many transfers go on at a time.
static TRANSFERS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(16)));
/// Pushes that go on, also without their requests.
static PUSHES: LazyLock<TaskTracker> = LazyLock::new(TaskTracker::new);
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

/// A running `git`, with its pipes.
struct Running {
    child: Child,
    input: ChildStdin,
    output: ReaderStream<ChildStdout>,
    deadline: Instant,
    permit: OwnedSemaphorePermit,
}

fn start(service: Service, repository: &Path, headers: &HeaderMap) -> Result<Running> {
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
    let output = ReaderStream::with_capacity(output, 32 * 1024);
    Ok(Running { child, input, output, deadline: Instant::now() + DEADLINE, permit })
}

/// A clone or fetch: the request streams into `git`, what it says streams out. Dropping the response ends the process.
pub(super) fn send(repository: &Path, headers: &HeaderMap, body: Body) -> Result<Response> {
    let service = Service::Upload;
    let Running { child, input, output, deadline, permit } = start(service, repository, headers)?;
    let feeder = AbortOnDropHandle::new(tokio::spawn(feed(body, input, service.most(), None)));
    let exchange = Exchange { output, deadline, _feeder: feeder, _child: child, _permit: permit };
    Ok(answer(&format!("application/x-git-{}-result", service.word()), Body::from_stream(exchange.stream())))
}

/// A push. It goes on to its end although its sender left, so that `note` hears what was done before they are told; what has not come
/// whole is not done.
pub(super) fn take<Noted: Future<Output = ()> + Send>(
    repository: &Path,
    headers: &HeaderMap,
    body: Body,
    note: impl FnOnce(Vec<Move>) -> Noted + Send + 'static,
) -> Result<Response> {
    let service = Service::Receive;
    let running = start(service, repository, headers)?;
    let (said, listener) = mpsc::channel(8);
    PUSHES.spawn(async move {
        let done = push(running, body, &said).await;
        if !done.is_empty() {
            note(done).await;
        }
        drop(said);
    });
    let said = stream::unfold(listener, async |mut listener| Some((listener.recv().await?, listener)));
    Ok(answer(&format!("application/x-git-{}-result", service.word()), Body::from_stream(said)))
}

/// Waits for pushes that go on although nobody listens any more.
pub(crate) async fn settle() {
    PUSHES.close();
    PUSHES.wait().await;
}

/// Carries a push out, and says what was done.
async fn push(running: Running, body: Body, said: &mpsc::Sender<io::Result<Bytes>>) -> Vec<Move> {
    let Running { child, input, mut output, deadline, permit } = running;
    let (mut asked, mut report) = (Asked::default(), Report::default());
    {
        let mut feeding = pin!(feed(body, input, Service::Receive.most(), Some(&mut asked)));
        let mut is_fed = false;
        loop {
            let part = tokio::select! {
                () = &mut feeding, if !is_fed => {
                    is_fed = true;
                    continue;
                }
                part = timeout_at(deadline, output.next()) => part,
            };
            let problem = match part {
                Ok(Some(Ok(bytes))) => {
                    report.read(&bytes);
                    // Whoever left is told nothing.
                    let _ = said.send(Ok(bytes)).await;
                    continue;
                }
                Ok(None) => break,
                Ok(Some(Err(error))) => error,
                Err(_) => io::Error::new(io::ErrorKind::TimedOut, "the transfer took too long"),
            };
            let _ = said.send(Err(problem)).await;
            break;
        }
    }
    drop((child, permit));
    report.done(asked)
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

/// Gives the request to `git`, up to `most` bytes; more ends the input, which `git` refuses as incomplete. Of a push it gets nothing before
/// all that is `asked` is known.
async fn feed(body: Body, mut input: ChildStdin, most: u64, mut asked: Option<&mut Asked>) {
    let mut parts = body.into_data_stream();
    let mut given = 0_u64;
    let mut held = Vec::new();
    while let Some(Ok(mut part)) = parts.next().await {
        given += part.len() as u64;
        if given > most {
            tracing::warn!(limit = most, "a Git transfer was larger than allowed");
            return;
        }
        if let Some(reading) = &mut asked {
            let read = reading.read(&part);
            held.extend_from_slice(&part);
            match read {
                Reading::Part => continue,
                Reading::Whole => {
                    asked = None;
                    part = Bytes::from(std::mem::take(&mut held));
                }
                Reading::Wrong => {
                    tracing::warn!("a push asked for something that cannot be read, or for no report");
                    return;
                }
            }
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
