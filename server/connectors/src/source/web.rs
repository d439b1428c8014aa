//! One document at a web address, and the ones it names beside it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use reqwest::{Client, RequestBuilder, StatusCode, header, redirect};
use secrecy::ExposeSecret;
use services::catalog::{
    keys::{Granted, Held, Key, Keys, Proof},
    ports::{Begin, FileInfo, OpenSource, Place, ReadProblem, is_glob},
};
use tokio::time::timeout;
use url::Url;

use super::address::Guard;

/// How long one document may take, with all its redirects.
const PATIENCE: Duration = Duration::from_secs(20);

/// How large the first document may be.
const LARGEST: u64 = 5 * 1024 * 1024;

/// How many redirects are followed.
const REDIRECTS: usize = 5;

/// Opens the document at `url`.
pub(super) async fn open(guard: &Guard, url: Url, keys: &Keys) -> Result<Arc<dyn OpenSource>, ReadProblem> {
    let granted = keys.find(&url).await?.grants();
    let document = fetch(guard, &url, keys, LARGEST).await?;
    Ok(Arc::new(Page { guard: guard.clone(), keys: keys.within(granted.clone()), granted, url, document }))
}

struct Page {
    guard: Guard,
    keys: Keys,
    granted: Granted,
    url: Url,
    document: Document,
}

struct Document {
    content: Bytes,
    etag: Option<String>,
}

/// The content at an address; each address on the way is looked at before it is asked.
async fn fetch(guard: &Guard, url: &Url, keys: &Keys, limit: u64) -> Result<Document, ReadProblem> {
    match timeout(PATIENCE, follow(guard, url.clone(), keys.clone(), limit)).await {
        Ok(fetched) => fetched,
        Err(_) => {
            Err(ReadProblem::Unreachable(format!("`{url}` did not answer within {} seconds", PATIENCE.as_secs())))
        }
    }
}

async fn follow(guard: &Guard, mut url: Url, mut keys: Keys, limit: u64) -> Result<Document, ReadProblem> {
    let first = url.clone();
    for _ in 0..=REDIRECTS {
        let addresses = guard.vet(&url).await.map_err(|problem| redirected(&first, &url, problem))?;
        let held = keys.find(&url).await?;
        let mut request = client(&url, &addresses)?.get(url.clone());
        request = request.header(header::ACCEPT, "application/yaml, text/yaml, text/plain, */*");
        if let Held::Key(key) = &held {
            request = shown(request, key);
        }
        let response = request.send().await.map_err(|error| unreachable(&url, &error))?;
        let status = response.status();
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
        return receive(&url, &held, status, response, limit).await;
    }
    Err(ReadProblem::Refused(format!("`{first}` redirects more than {REDIRECTS} times; register where it leads to")))
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

async fn receive(
    url: &Url,
    held: &Held,
    status: StatusCode,
    response: reqwest::Response,
    limit: u64,
) -> Result<Document, ReadProblem> {
    match status {
        status if status.is_success() => {}
        StatusCode::NOT_FOUND | StatusCode::GONE => return Err(held.missing(url.as_str())),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(held.refused(url.as_str())),
        status => return Err(ReadProblem::Unreachable(format!("`{url}` answers {status}"))),
    }
    let named = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if named(header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html")) {
        return Err(ReadProblem::Refused(format!("`{url}` is a web page, not YAML; use the address of the raw file")));
    }
    let etag = named(header::ETAG);
    let content = body(url, response, limit).await?;
    Ok(Document { content, etag })
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
        let url = from.join(target).map_err(|_| wrong())?;
        if is_glob(target) {
            return Err(ReadProblem::Refused(format!("`{target}`: a web address cannot be searched; name each file")));
        }
        if url.as_str().starts_with(&self.folder()) {
            return Ok(url.to_string());
        }
        Err(ReadProblem::Refused(format!(
            "`{target}` leads out of the source; write its whole address, or keep it beside the catalog file"
        )))
    }

    async fn find(&self, pattern: &str) -> Result<Vec<String>, ReadProblem> {
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
        Ok(fetch(&self.guard, &url, &self.keys, limit).await?.content)
    }

    fn place(&self, path: &str) -> Place {
        Place { kind: "url", target: path.to_owned(), view: Some(path.to_owned()), edit: None, folder: None }
    }

    fn granted(&self) -> Granted {
        self.granted.clone()
    }
}
