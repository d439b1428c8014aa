//! The web client for providers: to addresses that were looked at, with bounds on time and size, and no redirects.

use std::{pin::Pin, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use services::catalog::ports::ReadProblem;
use url::Url;

use crate::source::{Guard, body, client, unreachable};

/// How long a provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(8);

/// How large an answer may be.
const LARGEST: u64 = 1024 * 1024;

/// Asks providers.
#[derive(Debug, Clone)]
pub struct Web {
    guard: Guard,
}

/// Why a provider was not asked, or did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoAnswer(pub(super) String);

impl From<ReadProblem> for NoAnswer {
    fn from(problem: ReadProblem) -> Self {
        Self(problem.to_string())
    }
}

impl Web {
    /// A client that reaches the internet, and of what is internal only the hosts in `allow`.
    pub fn new(allow: &[String]) -> Self {
        Self { guard: Guard::new(allow) }
    }

    /// One request, and its whole answer.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let whole = async {
            let (head, content) = request.into_parts();
            let url = Url::parse(&head.uri.to_string()).map_err(|error| NoAnswer(format!("no address: {error}")))?;
            let addresses = self.guard.vet(&url).await?;
            let request = client(&url, &addresses)?
                .request(head.method, url.clone())
                .headers(head.headers)
                .timeout(PATIENCE)
                .body(content);
            let answer = request.send().await.map_err(|error| unreachable(&url, &error))?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let content = body(&url, answer, LARGEST).await?;
            let mut response = HttpResponse::new(content.to_vec());
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        };
        // The name is resolved before the client's own patience begins.
        match tokio::time::timeout(PATIENCE + Duration::from_secs(2), whole).await {
            Ok(answer) => answer,
            Err(_) => Err(NoAnswer(format!("no answer within {} seconds", PATIENCE.as_secs()))),
        }
    }
}

impl<'c> AsyncHttpClient<'c> for Web {
    type Error = NoAnswer;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NoAnswer>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
