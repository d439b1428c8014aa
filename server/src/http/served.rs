//! What is served, read from the router that serves it: no list beside it can forget a route.

use axum::Router;
use leptos::server_fn::axum::server_fn_paths;

/// Names every route and server function in the log, for those who ask for so much.
pub(super) fn tell(router: &Router) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    for (method, path) in routes(&format!("{router:?}")) {
        tracing::debug!(method, path, "serves a route");
    }
    for (path, method) in server_fn_paths() {
        tracing::debug!(%method, path, "serves a function");
    }
}

const METHODS: [&str; 9] = ["get", "head", "delete", "options", "patch", "post", "put", "trace", "connect"];

/// The methods and paths of a router, which shows them nowhere but in its text for debugging.
fn routes(text: &str) -> Vec<(String, String)> {
    // What follows answers where no route does.
    let own = text.split("fallback_router:").next().unwrap_or_default();
    let (endpoints, paths) = own.split_once("node: Node").unwrap_or_default();
    let numbered = |text: &str| -> Vec<(u32, String)> {
        let entries = text.split("RouteId(").skip(1);
        entries
            .filter_map(|entry| {
                entry.split_once("): ").and_then(|(id, rest)| Some((id.parse().ok()?, rest.to_owned())))
            })
            .collect()
    };
    let mut found = Vec::new();
    for (id, path) in numbered(paths) {
        let path = path.split('"').nth(1).unwrap_or_default().to_owned();
        let endpoint = numbered(endpoints).into_iter().find(|(other, _)| *other == id);
        let endpoint = endpoint.map(|(_, endpoint)| endpoint).unwrap_or_default();
        let answers = |method: &&&str| {
            let place = format!(" {method}: ");
            endpoint.split_once(&place).is_some_and(|(_, rest)| !rest.starts_with("None"))
        };
        let methods: Vec<&&str> = METHODS.iter().filter(answers).collect();
        if methods.is_empty() {
            found.push(("ANY".to_owned(), path.clone()));
        }
        found.extend(methods.into_iter().map(|method| (method.to_uppercase(), path.clone())));
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use axum::{
        middleware,
        routing::{any_service, get, post},
    };

    use super::*;

    #[test]
    fn every_route_of_a_router_is_found() {
        let nothing = async || "";
        let inner = Router::new().route("/{id}", get(nothing).delete(nothing)).fallback(nothing);
        let router: Router = Router::new()
            .route("/", get(nothing).post(nothing))
            .merge(Router::new().route("/a/{*rest}", post(nothing)))
            .route("/any", any_service(get(nothing)))
            .nest("/inner", inner)
            .fallback(nothing)
            .layer(middleware::from_fn(async |request: axum::extract::Request, next: middleware::Next| {
                next.run(request).await
            }));
        let found = routes(&format!("{router:?}"));
        let found: Vec<String> = found.into_iter().map(|(method, path)| format!("{method} {path}")).collect();
        for expected in ["GET /", "POST /", "POST /a/{*rest}", "GET /inner/{id}", "DELETE /inner/{id}"] {
            assert!(found.contains(&expected.to_owned()), "{expected} is not in {found:?}: {router:?}");
        }
        assert!(found.iter().any(|route| route.ends_with(" /any")), "{found:?}");
    }
}
