//! One document at a web address, and the ones it names beside it.

mod kept;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use reqwest::{Client, RequestBuilder, StatusCode, header, redirect};
use secrecy::ExposeSecret;
use services::catalog::{
    keys::{Granted, Held, Key, Keys, Proof},
    ports::{Begin, FileInfo, OpenSource, Place, ReadProblem},
};
use tokio::time::timeout;
use url::Url;

pub(super) use self::kept::Kept;
use self::kept::Marks;
use super::address::Guard;

/// How long one document may take, with all its redirects.
const PATIENCE: Duration = Duration::from_secs(20);

/// How large the first document may be.
const LARGEST: u64 = 5 * 1024 * 1024;

/// How many redirects are followed.
const REDIRECTS: usize = 5;

/// Reads documents, and keeps them for the next time.
#[derive(Debug, Clone)]
pub(super) struct Web {
    guard: Guard,
    kept: Kept,
}

struct Page {
    web: Web,
    keys: Keys,
    granted: Granted,
    url: Url,
    document: Document,
}

struct Document {
    content: Bytes,
    etag: Option<String>,
}

impl Web {
    pub(super) fn new(guard: Guard, kept: Kept) -> Self {
        Self { guard, kept }
    }

    /// Opens the document at `url`.
    pub(super) async fn open(&self, url: Url, keys: &Keys) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        let granted = keys.find(&url).await?.grants();
        let document = self.fetch(&url, keys, LARGEST).await?;
        Ok(Arc::new(Page { web: self.clone(), keys: keys.within(granted.clone()), granted, url, document }))
    }

    /// The content at an address; each address on the way is looked at before it is asked.
    async fn fetch(&self, url: &Url, keys: &Keys, limit: u64) -> Result<Document, ReadProblem> {
        match timeout(PATIENCE, self.follow(url.clone(), keys.clone(), limit)).await {
            Ok(fetched) => fetched,
            Err(_) => {
                Err(ReadProblem::Unreachable(format!("`{url}` did not answer within {} seconds", PATIENCE.as_secs())))
            }
        }
    }

    async fn follow(&self, mut url: Url, mut keys: Keys, limit: u64) -> Result<Document, ReadProblem> {
        let first = url.clone();
        for _ in 0..=REDIRECTS {
            if !["http", "https"].contains(&url.scheme()) {
                let problem = ReadProblem::Refused(format!("`{url}`: only http and https addresses are read"));
                return Err(redirected(&first, &url, problem));
            }
            let addresses = self.guard.vet(&url).await.map_err(|problem| redirected(&first, &url, problem))?;
            let held = keys.find(&url).await?;
            let mut request = client(&url, &addresses)?.get(url.clone());
            request = request.header(header::ACCEPT, "application/yaml, text/yaml, text/plain, */*");
            if let Held::Key(key) = &held {
                request = shown(request, key);
            }
            // What one credential may read is not told to whoever shows another.
            let key = match &held {
                Held::Key(key) => format!("{url} {}", key.shown),
                Held::Withheld(_) | Held::Nothing => url.to_string(),
            };
            let before = self.kept.find(&key).await.filter(|(_, body)| body.len() as u64 <= limit);
            if let Some((marks, _)) = &before {
                for (name, mark) in [(header::IF_NONE_MATCH, &marks.etag), (header::IF_MODIFIED_SINCE, &marks.modified)]
                {
                    if let Some(mark) = mark {
                        request = request.header(name, mark);
                    }
                }
            }
            let response = request.send().await.map_err(|error| unreachable(&url, &error))?;
            let status = response.status();
            if let (StatusCode::NOT_MODIFIED, Some((marks, content))) = (status, before) {
                self.kept.touch(&key).await;
                return Ok(Document { content, etag: marks.etag });
            }
            if status.is_redirection() {
                let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
                let next = location.and_then(|location| url.join(location).ok());
                let Some(next) = next else {
                    return Err(ReadProblem::Unreachable(format!("`{url}` redirects to nowhere")));
                };
                if url.scheme() == "https" && next.scheme() != "https" {
                    return Err(ReadProblem::Refused(format!("`{url}` redirects to `{next}`, which is not encrypted")));
                }
                // Whoever redirects must not choose what is read with another credential.
                keys = keys.within(held.grants());
                url = next;
                continue;
            }
            let (marks, content) = receive(&url, &held, status, response, limit).await?;
            let etag = marks.as_ref().and_then(|marks| marks.etag.clone());
            if let Some(marks) = marks.filter(|marks| *marks != Marks::default()) {
                self.kept.keep(&key, marks, content.clone()).await;
            }
            return Ok(Document { content, etag });
        }
        Err(ReadProblem::Refused(format!(
            "`{first}` redirects more than {REDIRECTS} times; register where it leads to"
        )))
    }
}

/// A client that connects to the addresses that were looked at, and to nothing else.
pub(crate) fn client(url: &Url, addresses: &[SocketAddr]) -> Result<Client, ReadProblem> {
    let mut client = Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .user_agent(concat!("causeway/", env!("CARGO_PKG_VERSION")));
    if let Some(name) = url.domain() {
        client = client.resolve_to_addrs(name, addresses);
    }
    client.build().map_err(|error| ReadProblem::Unreachable(format!("no web client: {error}")))
}

/// The request with the credential; headers made so are not printed.
pub(super) fn shown(request: RequestBuilder, key: &Key) -> RequestBuilder {
    match &key.proof {
        Proof::Token { token, .. } => request.bearer_auth(token.expose_secret()),
        Proof::Password { user, password } => request.basic_auth(user, Some(password.expose_secret())),
        Proof::Ssh { .. } => request,
    }
}

/// A document, and the marks to ask by the next time, where it may be kept.
async fn receive(
    url: &Url,
    held: &Held,
    status: StatusCode,
    response: reqwest::Response,
    limit: u64,
) -> Result<(Option<Marks>, Bytes), ReadProblem> {
    match status {
        status if status.is_success() => {}
        StatusCode::NOT_FOUND | StatusCode::GONE => return Err(held.missing(url.as_str())),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(held.refused(url.as_str())),
        status => return Err(ReadProblem::Unreachable(format!("`{url}` answers {status}"))),
    }
    let named = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let marks = Marks { etag: named(header::ETAG), modified: named(header::LAST_MODIFIED) };
    let may_keep = !named(header::CACHE_CONTROL).is_some_and(|says| says.to_lowercase().contains("no-store"));
    let is_labelled = named(header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html"));
    let content = body(url, response, limit).await?;
    // Servers call much a page that is none: a schema, a text without an ending.
    if is_labelled
        && content.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&content).trim_ascii_start().starts_with(b"<")
    {
        return Err(ReadProblem::Refused(format!(
            "`{url}` is a web page, not the file itself; use the address of the raw file"
        )));
    }
    Ok((may_keep.then_some(marks), content))
}

/// What a server answers, refused beyond `limit` bytes.
pub(crate) async fn body(url: &Url, response: reqwest::Response, limit: u64) -> Result<Bytes, ReadProblem> {
    let too_large = || {
        ReadProblem::Refused(format!("`{url}` is larger than {} MiB; split it into several files", limit / 1024 / 1024))
    };
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut content = BytesMut::new();
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| unreachable(url, &error))?;
        if (content.len() + piece.len()) as u64 > limit {
            return Err(too_large());
        }
        content.extend_from_slice(&piece);
    }
    Ok(content.freeze())
}

/// Whether an address is a pattern for many; a `?` in one is where the query begins.
fn is_pattern(address: &str) -> bool {
    address.contains(['*', '[', '{'])
}

fn redirected(first: &Url, url: &Url, problem: ReadProblem) -> ReadProblem {
    if first == url {
        return problem;
    }
    let message = format!("`{first}` redirects to `{url}`: {problem}");
    match problem {
        ReadProblem::Missing(_) => ReadProblem::Missing(message),
        ReadProblem::Refused(_) => ReadProblem::Refused(message),
        ReadProblem::Unreachable(_) => ReadProblem::Unreachable(message),
    }
}

pub(crate) fn unreachable(url: &Url, error: &reqwest::Error) -> ReadProblem {
    // The outermost error only repeats the address; the innermost says what happened.
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    ReadProblem::Unreachable(format!("`{url}` cannot be reached: {cause}"))
}

#[async_trait]
impl OpenSource for Page {
    fn revision(&self) -> Option<String> {
        self.document.etag.clone()
    }

    fn begin(&self) -> Begin {
        Begin::Named(vec![self.url.to_string()])
    }

    fn folder(&self) -> String {
        self.url.join(".").map_or_else(|_| self.url.to_string(), |url| url.to_string())
    }

    fn resolve(&self, from: &str, target: &str) -> Result<String, ReadProblem> {
        let wrong = || ReadProblem::Refused(format!("`{target}` is not a path or an address"));
        let from = Url::parse(from).map_err(|_| wrong())?;
        if is_pattern(target) {
            return Err(ReadProblem::Refused(format!("`{target}`: a web address cannot be searched; name each file")));
        }
        // As links are: it may climb, and what it leads to is asked as if it were written whole.
        Ok(from.join(target).map_err(|_| wrong())?.to_string())
    }

    async fn find(&self, pattern: &str) -> Result<Vec<String>, ReadProblem> {
        if !is_pattern(pattern) {
            return Ok(vec![pattern.to_owned()]);
        }
        Err(ReadProblem::Refused(format!("`{pattern}`: a web address cannot be searched; name each file")))
    }

    async fn list(&self, folder: &str) -> Result<Vec<FileInfo>, ReadProblem> {
        Err(ReadProblem::Refused(format!("`{folder}`: a web address has no folders; use a Git repository")))
    }

    async fn read(&self, path: &str, limit: u64) -> Result<Bytes, ReadProblem> {
        if path == self.url.as_str() {
            return Ok(self.document.content.clone());
        }
        let url = Url::parse(path).map_err(|_| ReadProblem::Missing(format!("`{path}` is not an address")))?;
        Ok(self.web.fetch(&url, &self.keys, limit).await?.content)
    }

    fn place(&self, path: &str) -> Place {
        Place { kind: "url", target: path.to_owned(), view: Some(path.to_owned()), edit: None, folder: None }
    }

    fn granted(&self) -> Granted {
        self.granted.clone()
    }
}
