//! GitHub, which speaks OAuth but signs nothing about people: github.com and GitHub Enterprise.

use async_trait::async_trait;
use http::header;
use openidconnect::{HttpRequest, PkceCodeChallenge, PkceCodeVerifier};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use services::{
    identity::ports::{Arrival, Ask, Claims, Provider, ProviderProblem},
    secrets::Reference,
};
use url::{Url, form_urlencoded};

use super::client::Web;

/// How many pages of organisations or teams are read.
const PAGES: u32 = 5;

/// What an installation decided about GitHub.
#[derive(Debug, Clone)]
pub struct GitHubSettings {
    /// `https://github.com`, or where GitHub Enterprise is.
    pub url: Url,
    /// The id of the OAuth app.
    pub client_id: String,
    /// Where its secret is.
    pub secret: Reference,
    /// What is asked for.
    pub scopes: Vec<String>,
}

/// GitHub.
pub struct GitHub {
    web: Web,
    settings: GitHubSettings,
}

#[derive(Deserialize)]
struct Redeemed {
    access_token: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Email {
    #[serde(rename = "email")]
    address: String,
    primary: bool,
    verified: bool,
}

#[derive(Deserialize)]
struct Organisation {
    login: String,
}

#[derive(Deserialize)]
struct Team {
    slug: String,
    organization: Organisation,
}

/// Whether a refusal is about how often was asked: GitHub answers 403 to that, too.
fn is_too_often(headers: &header::HeaderMap) -> bool {
    headers.contains_key(header::RETRY_AFTER)
        || headers.get("x-ratelimit-remaining").is_some_and(|left| left.as_bytes() == b"0")
}

/// Where something of the API is. In its cloud GitHub has it at a name of its own; an own server has it below.
fn api(web: &Url, path: &str) -> String {
    let host = web.host_str().unwrap_or_default();
    match host.strip_prefix("www.").unwrap_or(host) {
        host if host == "github.com" || host.ends_with(".ghe.com") => format!("https://api.{host}{path}"),
        _ => format!("{}/api/v3{path}", web.as_str().trim_end_matches('/')),
    }
}

impl GitHub {
    /// GitHub as `settings` mean it.
    pub fn new(web: Web, settings: GitHubSettings) -> Self {
        Self { web, settings }
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.settings.url.as_str().trim_end_matches('/'))
    }

    async fn send(&self, request: http::Result<HttpRequest>) -> Result<openidconnect::HttpResponse, ProviderProblem> {
        let request = request.map_err(|error| ProviderProblem::Down(format!("GitHub's address: {error}")))?;
        self.web.send(request).await.map_err(|error| ProviderProblem::Down(error.to_string()))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, token: &str) -> Result<T, ProviderProblem> {
        let request = http::Request::get(api(&self.settings.url, path))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::ACCEPT, "application/vnd.github+json")
            .body(Vec::new());
        let answer = self.send(request).await?;
        match answer.status().as_u16() {
            200 => serde_json::from_slice(answer.body())
                .map_err(|error| ProviderProblem::Down(format!("GitHub's `{path}` is not what it promises: {error}"))),
            401 => Err(ProviderProblem::Over("GitHub no longer knows the sign-in".to_owned())),
            // No word about the person, so sessions stand.
            429 => Err(ProviderProblem::Down(format!("GitHub was asked too often: it does not show `{path}` now"))),
            403 if is_too_often(answer.headers()) => {
                Err(ProviderProblem::Down(format!("GitHub was asked too often: it does not show `{path}` now")))
            }
            403 | 404 => {
                let path = path.split('?').next().unwrap_or(path);
                Err(ProviderProblem::Withheld(format!("it does not show `{path}`: the scope for it was not granted")))
            }
            status => Err(ProviderProblem::Down(format!("GitHub answers {status} at `{path}`"))),
        }
    }

    async fn list<T: DeserializeOwned>(&self, path: &str, token: &str) -> Result<Vec<T>, ProviderProblem> {
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let items: Vec<T> = self.get(&format!("{path}?per_page=100&page={page}"), token).await?;
            let is_last = items.len() < 100;
            all.extend(items);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    fn may(&self, scope: &str) -> bool {
        self.settings.scopes.iter().any(|asked| asked == scope)
    }

    async fn who(&self, token: &str) -> Result<Arrival, ProviderProblem> {
        let user: User = self.get("/user", token).await?;
        let mut claims = Claims::new();
        let mut say = |name: &str, value: Value| {
            claims.insert(name.to_owned(), value);
        };
        say("sub", json!(user.id.to_string()));
        say("login", json!(user.login));
        say("preferred_username", json!(user.login));
        if let Some(name) = user.name {
            say("name", json!(name));
        }
        let mut verified = Vec::new();
        if self.may("user:email") {
            let emails: Vec<Email> = self.list("/user/emails", token).await?;
            if let Some(email) = emails.iter().find(|email| email.primary) {
                say("email", json!(email.address));
                say("email_verified", json!(email.verified));
            }
            // GitHub has one account for work and at home, and which address is the first is a matter of taste.
            verified = emails.into_iter().filter(|email| email.verified).map(|email| email.address).collect();
            say("emails", json!(verified));
        }
        if self.may("read:org") {
            // Organisations by their name, teams by the name of theirs before them.
            let organisations: Vec<Organisation> = self.list("/user/orgs", token).await?;
            let teams: Vec<Team> = self.list("/user/teams", token).await?;
            let mut groups: Vec<String> = organisations.into_iter().map(|organisation| organisation.login).collect();
            groups.extend(teams.into_iter().map(|team| format!("{}/{}", team.organization.login, team.slug)));
            say("groups", json!(groups));
        }
        // The token does not end: it is kept to ask again later.
        let refresh = Some(SecretString::from(token.to_owned()));
        Ok(Arrival { subject: user.id.to_string(), claims, emails: verified, id_token: None, refresh })
    }
}

#[async_trait]
impl Provider for GitHub {
    async fn begin(&self, ask: &Ask) -> Result<String, ProviderProblem> {
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(ask.verifier.clone()));
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &ask.redirect)
            .append_pair("scope", &self.settings.scopes.join(" "))
            .append_pair("state", &ask.state)
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", "S256")
            .finish();
        Ok(self.address(&format!("/login/oauth/authorize?{query}")))
    }

    async fn finish(&self, code: &str, ask: &Ask) -> Result<Arrival, ProviderProblem> {
        let secret = self.settings.secret.read().map_err(ProviderProblem::Down)?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("client_secret", secret.expose_secret())
            .append_pair("code", code)
            .append_pair("redirect_uri", &ask.redirect)
            .append_pair("code_verifier", &ask.verifier)
            .finish();
        let request = http::Request::post(self.address("/login/oauth/access_token"))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.into_bytes());
        let answer = self.send(request).await?;
        // GitHub answers 200 to what it refuses, too.
        let redeemed: Redeemed = serde_json::from_slice(answer.body())
            .map_err(|_| ProviderProblem::Down(format!("GitHub answers {} to the code", answer.status())))?;
        match redeemed {
            Redeemed { access_token: Some(token), .. } => self.who(&token).await,
            Redeemed { error, error_description, .. } => {
                let is_ours = error.as_deref().is_some_and(|error| error != "bad_verification_code");
                let why = error_description.or(error).unwrap_or_else(|| "it does not say why".to_owned());
                Err(if is_ours {
                    ProviderProblem::Client(why)
                } else {
                    ProviderProblem::Over(format!("GitHub refuses: {why}"))
                })
            }
        }
    }

    async fn refresh(&self, subject: &str, refresh: &SecretString) -> Result<Option<Arrival>, ProviderProblem> {
        let arrival = self.who(refresh.expose_secret()).await?;
        if arrival.subject != subject {
            return Err(ProviderProblem::Refused("GitHub says that the sign-in is someone else's".to_owned()));
        }
        Ok(Some(arrival))
    }

    async fn leave(&self, _id_token: Option<&SecretString>, _back: &str) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_asked_for_where_github_has_its_api() {
        for (web, asked) in [
            ("https://github.com", "https://api.github.com/user"),
            ("https://WWW.github.com/", "https://api.github.com/user"),
            ("https://saltmarsh.ghe.com", "https://api.saltmarsh.ghe.com/user"),
            ("https://git.internal:8443/github/", "https://git.internal:8443/github/api/v3/user"),
        ] {
            assert_eq!(api(&web.parse().unwrap(), "/user"), asked);
        }
    }
}
