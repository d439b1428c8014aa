//! Asking a forge: only if something changed, page by page, as fast as it allows and no faster.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use domain::catalog::Allowance;
use reqwest::{Response, StatusCode, header};
use serde::{Serialize, de::DeserializeOwned};
use services::catalog::{keys::Held, ports::ReadProblem};
use tokio::{sync::Semaphore, time::Instant};
use url::Url;

use super::{
    super::{
        address::Guard,
        web::{body, client, shown},
    },
    AT_ONCE,
    memory::{Kept, Memory},
    pace::Pace,
    tree::Trees,
};

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long all of them together may take; what is left over is for the next sync.
const ALL: Duration = Duration::from_mins(8);

/// The largest page of a list.
const PAGE: u64 = 16 * 1024 * 1024;

/// How many pages a list may have.
const PAGES: usize = 2_000;

/// A pause this short is waited for.
const SHORT: TimeDelta = TimeDelta::seconds(5);

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is not there.
    Missing,
    /// It may not be seen.
    Denied(String),
    /// Not now.
    Paused(DateTime<Utc>),
    /// The server did not answer, or answered badly.
    Failed(String),
}

impl Trouble {
    /// In words.
    pub(super) fn told(&self, what: &str) -> String {
        match self {
            Self::Missing => format!("{what} is not there"),
            Self::Denied(why) | Self::Failed(why) => why.clone(),
            Self::Paused(until) => format!(
                "{what} was not asked for: the server wants no more requests before {}; the next sync after that goes on",
                until.format("%H:%M UTC")
            ),
        }
    }
}

/// As much of a list as there was to be had.
pub(super) struct Listed<T> {
    pub(super) items: Vec<T>,
    /// Why there may be more.
    pub(super) cut: Option<Trouble>,
}

/// One forge, asked with one credential.
pub(super) struct Client {
    http: reqwest::Client,
    /// Where its API begins, with a slash at the end.
    api: Url,
    held: Held,
    pace: Arc<Pace>,
    pub(super) memory: Arc<Memory>,
    pub(super) trees: Trees,
    deadline: Instant,
    room: Semaphore,
    asked: AtomicU32,
    unchanged: AtomicU32,
}

impl Client {
    pub(super) async fn new(
        guard: &Guard,
        api: Url,
        held: Held,
        pace: Arc<Pace>,
        memory: Arc<Memory>,
    ) -> Result<Self, ReadProblem> {
        // Every request goes to the addresses that were looked at here.
        let http = client(&api, &guard.vet(&api).await?)?;
        let deadline = Instant::now() + ALL;
        let (room, asked, unchanged) = (Semaphore::new(AT_ONCE), AtomicU32::new(0), AtomicU32::new(0));
        let trees = Trees::default();
        Ok(Self { http, api, held, pace, memory, trees, deadline, room, asked, unchanged })
    }

    /// What the server allows, and what this client asked for.
    pub(super) fn allowance(&self) -> Allowance {
        let mut told = self.pace.told();
        told.paused_until = told.paused_until.filter(|until| *until > Utc::now());
        told.asked = self.asked.load(Ordering::Relaxed);
        told.unchanged = self.unchanged.load(Ordering::Relaxed);
        told
    }

    /// An address of the API; `path` is encoded already.
    pub(super) fn url(&self, path: &str) -> Result<Url, Trouble> {
        let url = self.api.join(path).map_err(|error| Trouble::Failed(format!("`{path}` is no address: {error}")))?;
        if url.as_str().starts_with(self.api.as_str()) {
            Ok(url)
        } else {
            Err(Trouble::Failed(format!("`{path}` leads out of the API")))
        }
    }

    /// Every item of a list, page by page.
    pub(super) async fn list<T: Serialize + DeserializeOwned>(&self, path: &str) -> Listed<T> {
        self.list_since(path, TimeDelta::zero()).await
    }

    /// The same, with pages of before taken as they are for so long.
    pub(super) async fn list_since<T: Serialize + DeserializeOwned>(&self, path: &str, fresh: TimeDelta) -> Listed<T> {
        let mut items = Vec::new();
        let cut = self.pages(path, fresh, &mut items).await.err();
        Listed { items, cut }
    }

    async fn pages<T: Serialize + DeserializeOwned>(
        &self,
        path: &str,
        fresh: TimeDelta,
        items: &mut Vec<T>,
    ) -> Result<(), Trouble> {
        let mut url = self.url(path)?;
        for _ in 0..PAGES {
            let kept = self.fresh_or_asked(&url, fresh, reduced::<Vec<T>>).await?;
            let page: Vec<T> = parsed(&url, kept.body.as_deref().ok_or(Trouble::Missing)?)?;
            items.extend(page);
            match kept.next {
                // Of the next page, only what stands behind the `?` is taken: a server behind another may not know its own
                // name, and must not send us, and the credential, elsewhere.
                Some(next) => url.set_query(Some(&next)),
                None => return Ok(()),
            }
        }
        Err(Trouble::Failed(format!("`{path}` has more than {PAGES} pages")))
    }

    /// One thing. With `fresh`, an answer of before is taken as it is for so long.
    pub(super) async fn one<T: Serialize + DeserializeOwned>(
        &self,
        path: &str,
        fresh: TimeDelta,
    ) -> Result<T, Trouble> {
        let url = self.url(path)?;
        let kept = self.fresh_or_asked(&url, fresh, reduced::<T>).await?;
        parsed(&url, kept.body.as_deref().ok_or(Trouble::Missing)?)
    }

    async fn fresh_or_asked(
        &self,
        url: &Url,
        fresh: TimeDelta,
        reduce: impl Fn(&[u8]) -> Result<String, String>,
    ) -> Result<Kept, Trouble> {
        match self.heard(url, fresh) {
            Some(kept) => Ok(kept),
            None => self.ask(url, "application/json", PAGE, reduce).await,
        }
    }

    /// What was answered within `fresh`.
    fn heard(&self, url: &Url, fresh: TimeDelta) -> Option<Kept> {
        self.memory.answer(url.as_str()).filter(|kept| Utc::now() - kept.at < fresh)
    }

    /// Whether a thing was not there when it was asked for last, at `since` or later.
    pub(super) fn was_missing(&self, path: &str, since: DateTime<Utc>) -> bool {
        let known = self.url(path).ok().and_then(|url| self.memory.answer(url.as_str()));
        known.is_some_and(|kept| kept.body.is_none() && kept.at >= since)
    }

    /// A text; `None` if it is not there.
    pub(super) async fn text(&self, path: &str, accept: &str, limit: u64) -> Result<Option<Bytes>, Trouble> {
        let url = self.url(path)?;
        let kept = self.ask(&url, accept, limit, |bytes| {
            String::from_utf8(bytes.to_vec()).map_err(|_| "it is not UTF-8; save it as UTF-8".to_owned())
        });
        Ok(kept.await?.body.map(Bytes::from))
    }

    /// A text as it was said to be within `fresh`; nothing if nobody asked in that time, or it was not there: whoever asks may be allowed
    /// to see it by now.
    pub(super) fn text_since(&self, path: &str, fresh: TimeDelta) -> Option<Bytes> {
        self.heard(&self.url(path).ok()?, fresh)?.body.map(Bytes::from)
    }

    /// A text as it was before, if it is the same by what was asked for `at` a moment.
    pub(super) fn confirmed(&self, path: &str, at: DateTime<Utc>, is_same: impl Fn(&[u8]) -> bool) -> Option<Bytes> {
        let url = self.url(path).ok()?;
        let kept = self.memory.answer(url.as_str())?;
        let body = kept.body.clone().filter(|body| is_same(body.as_bytes()))?;
        self.memory.keep(url.as_str(), Kept { at: kept.at.max(at), ..kept });
        Some(Bytes::from(body))
    }

    /// A text as it was before, without asking; `None` if there was none.
    pub(super) fn remembered(&self, path: &str) -> Option<Bytes> {
        self.memory.answer(self.url(path).ok()?.as_str())?.body.map(Bytes::from)
    }

    /// Asks, unless what is known is what there is; keeps what `reduce` makes of the answer.
    async fn ask(
        &self,
        url: &Url,
        accept: &str,
        limit: u64,
        reduce: impl Fn(&[u8]) -> Result<String, String>,
    ) -> Result<Kept, Trouble> {
        let known = self.memory.answer(url.as_str());
        let etag = known.as_ref().and_then(|kept| kept.etag.clone());
        // What is pushed while it is on its way may be missing from the answer.
        let now = Utc::now();
        let response = self.send(url, accept, etag.as_deref(), limit).await?;
        let Answer { status, next, etag, content } = response;
        let kept = match status {
            StatusCode::NOT_MODIFIED => {
                self.unchanged.fetch_add(1, Ordering::Relaxed);
                let known =
                    known.ok_or_else(|| Trouble::Failed(format!("`{url}` answers {status} out of the blue")))?;
                Kept { at: now, ..known }
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => Kept { etag: None, body: None, next: None, at: now },
            _ => {
                let text = reduce(&content).map_err(|why| Trouble::Failed(format!("`{url}`: {why}")))?;
                Kept { etag, body: Some(text), next, at: now }
            }
        };
        self.memory.keep(url.as_str(), kept.clone());
        Ok(kept)
    }

    async fn send(&self, url: &Url, accept: &str, etag: Option<&str>, limit: u64) -> Result<Answer, Trouble> {
        let mut url = url.clone();
        // Never closed, so there always is room in the end. Repositories are asked beside each other, and so are the files of each.
        let _room = self.room.acquire().await;
        // A renamed organisation, or a short pause, costs another try.
        for _ in 0..4 {
            if let Some(until) = self.pace.paused(Utc::now()) {
                self.wait(until).await?;
            }
            if Instant::now() >= self.deadline {
                return Err(Trouble::Failed("it was not reached in time; the next sync goes on".into()));
            }
            self.asked.fetch_add(1, Ordering::Relaxed);
            let mut request = self.http.get(url.clone()).timeout(PATIENCE).header(header::ACCEPT, accept);
            if let Some(etag) = etag {
                request = request.header(header::IF_NONE_MATCH, etag);
            }
            if let Held::Key(key) = &self.held {
                request = shown(request, key);
            }
            let response = request
                .send()
                .await
                .map_err(|error| Trouble::Failed(super::super::web::unreachable(&url, &error).to_string()))?;
            let status = response.status();
            if let Some(next) = moved(&url, &response) {
                if !next.as_str().starts_with(self.api.as_str()) {
                    return Err(Trouble::Failed(format!("`{url}` leads to `{next}`, which is not asked")));
                }
                url = next;
                continue;
            }
            let headers = response.headers().clone();
            let content = body(&url, response, limit).await.map_err(|problem| Trouble::Failed(problem.to_string()))?;
            if let Some(until) = self.pace.learn(status, &headers, &content, Utc::now()) {
                self.wait(until).await?;
                continue;
            }
            let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
            return match status {
                StatusCode::NOT_MODIFIED | StatusCode::NOT_FOUND | StatusCode::GONE => {
                    Ok(Answer { status, next: None, etag: None, content })
                }
                status if status.is_success() => {
                    let next = text(header::LINK).and_then(next_page);
                    Ok(Answer { status, next, etag: text(header::ETAG).map(str::to_owned), content })
                }
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    Err(Trouble::Denied(self.held.refused(url.as_str()).to_string()))
                }
                status => Err(Trouble::Failed(format!("`{url}` answers {status}"))),
            };
        }
        Err(Trouble::Failed(format!("`{url}` gave no answer after several tries")))
    }

    async fn wait(&self, until: DateTime<Utc>) -> Result<(), Trouble> {
        let left = until - Utc::now();
        if left > SHORT {
            return Err(Trouble::Paused(until));
        }
        tokio::time::sleep(left.to_std().unwrap_or_default()).await;
        Ok(())
    }

    /// What is said of the organisation itself when it cannot be seen.
    pub(super) fn problem(&self, what: &str, trouble: &Trouble) -> ReadProblem {
        match trouble {
            Trouble::Missing => self.held.missing(what),
            Trouble::Denied(why) => ReadProblem::Refused(why.clone()),
            Trouble::Paused(_) | Trouble::Failed(_) => ReadProblem::Unreachable(trouble.told(&format!("`{what}`"))),
        }
    }
}

struct Answer {
    status: StatusCode,
    next: Option<String>,
    etag: Option<String>,
    content: Bytes,
}

/// Keeps of an answer what is read of it, which is a tenth of what forges say.
fn reduced<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<String, String> {
    let value: T = serde_json::from_slice(bytes).map_err(|error| format!("not what its API promises: {error}"))?;
    serde_json::to_string(&value).map_err(|error| error.to_string())
}

fn parsed<T: DeserializeOwned>(url: &Url, text: &str) -> Result<T, Trouble> {
    serde_json::from_str(text).map_err(|error| Trouble::Failed(format!("`{url}`: not what its API promises: {error}")))
}

fn moved(url: &Url, response: &Response) -> Option<Url> {
    if !response.status().is_redirection() || response.status() == StatusCode::NOT_MODIFIED {
        return None;
    }
    url.join(response.headers().get(header::LOCATION)?.to_str().ok()?).ok()
}

/// What stands behind the `?` of the page that `Link` calls next.
fn next_page(link: &str) -> Option<String> {
    let next = link.split(',').find(|part| part.contains("rel=\"next\""))?;
    let address = next.split('<').nth(1)?.split('>').next()?;
    Some(address.split_once('?')?.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_a_question_and_not_a_place() {
        let link = "<https://elsewhere.example/orgs/o/repos?page=1>; rel=\"prev\", <https://elsewhere.example/orgs/o/repos?per_page=100&page=3>; rel=\"next\"";
        assert_eq!(next_page(link).as_deref(), Some("per_page=100&page=3"));
        assert_eq!(next_page("<https://x/y?page=1>; rel=\"last\""), None);
    }
}
