//! `causeway serve` and `causeway worker`: from settings to a running process, and its orderly end.

use std::{future::IntoFuture, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use leptos::config::LeptosOptions;
use metrics_exporter_prometheus::PrometheusBuilder;
use services::{
    Services, audit, catalog, changes, examples,
    identity::{self, Caller, Tenant},
    permission, queue, scorecards,
};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::{
    assets,
    cli::Problem,
    git_http,
    http::{self, AppState, Networks, Proxies, Shared},
    memory, policy_files,
    settings::{self, Settings},
    sign_in::{self, Access},
    start,
};

/// How long requests in flight may take to finish once the process was asked to stop.
const GRACE: Duration = Duration::from_secs(8);

/// Serves until the process is asked to stop.
pub(crate) async fn serve(mut settings: Settings, example: bool) -> Result<(), Problem> {
    let access = Access::new(settings.server.listen.ip(), &settings.sign_in)?;
    let listen = settings.server.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        format!("cannot listen on {listen}: {error}; choose another address with --listen, for example 127.0.0.1:3001")
    })?;
    let address = listener.local_addr()?;
    if example && settings.server.organisation.is_none() {
        settings.server.organisation = Some("Saltmarsh Line".into());
    }
    let proxies = Proxies::new(&settings.server.proxies)?;
    let figures = Networks::new("[server] metrics_open_to", &settings.server.metrics_open_to)?;
    let has_guest = sign_in::has_guest(listen.ip(), &settings.sign_in);
    let outlet = settings::outlet(&settings.audit, &settings.outbound.allow)?;
    for (id, secret) in settings::client_secrets(&settings.sign_in) {
        if let Err(why) = secret.read() {
            tracing::warn!(
                provider = id,
                why,
                "nobody can sign in through this provider: its `client_secret` cannot be read"
            );
        }
    }
    let services = start::open(&settings, address, has_guest).await?;
    if example {
        examples::load(&services, &Caller::system(Tenant::default(), "start")).await?;
    }
    let shutdown = CancellationToken::new();
    let assets = assets::find()?;
    let policies = settings.permission.policies.clone();
    let work = tokio::spawn(background(services.clone(), outlet, policies, shutdown.clone()));
    let state = AppState::from(Shared {
        leptos: LeptosOptions::builder().output_name("causeway").site_addr(address).build(),
        services,
        assets: Arc::new(assets),
        metrics: PrometheusBuilder::new().install_recorder()?,
        shutdown: shutdown.clone(),
        access: Arc::new(access),
        proxies,
        figures,
    });
    let app = http::router(state, &settings.limits).into_make_service_with_connect_info::<SocketAddr>();
    tracing::info!("causeway serves {}", settings.base_url(address));
    // Whoever reads that it serves may stop it at once.
    tokio::spawn(stop_on_signal(shutdown.clone()));
    println!("Causeway serves {}", settings.base_url(address));
    let server = axum::serve(listener, app).with_graceful_shutdown(shutdown.clone().cancelled_owned()).into_future();
    let deadline = async {
        shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = server => ended?,
        () = deadline => tracing::warn!("some requests did not finish in time and were dropped"),
    }
    if tokio::time::timeout(GRACE, git_http::settle()).await.is_err() {
        tracing::warn!("some pushes did not end in time and were dropped");
    }
    end(work).await;
    Ok(())
}

/// Works until the process is asked to stop.
pub(crate) async fn worker(settings: Settings) -> Result<(), Problem> {
    if settings.is_embedded() {
        return Err(
            "a worker of its own needs PostgreSQL: set `[database] url`; with SQLite, `serve` works by itself".into()
        );
    }
    let outlet = settings::outlet(&settings.audit, &settings.outbound.allow)?;
    // The guest's runs go on here as well.
    let has_guest = sign_in::has_guest(settings.server.listen.ip(), &settings.sign_in);
    let services = start::open(&settings, settings.server.listen, has_guest).await?;
    let shutdown = CancellationToken::new();
    let policies = settings.permission.policies.clone();
    let work = tokio::spawn(background(services, outlet, policies, shutdown.clone()));
    stop_on_signal(shutdown.clone()).await;
    end(work).await;
    Ok(())
}

/// What goes on besides requests, until the process is asked to stop: news from other processes, the catalog's index,
/// syncs in time, and the jobs of the queue.
async fn background(
    services: Services,
    outlet: Option<audit::Outlet>,
    policies: Option<PathBuf>,
    shutdown: CancellationToken,
) {
    tokio::join!(
        policy_files::follow(services.clone(), policies, shutdown.clone()),
        changes::listen(&services, shutdown.clone()),
        audit::keep(services.clone(), shutdown.clone()),
        audit::stream(services.clone(), outlet, shutdown.clone()),
        permission::keep_uses(services.clone(), shutdown.clone()),
        catalog::follow(services.clone(), shutdown.clone()),
        catalog::schedule(services.clone(), shutdown.clone()),
        scorecards::follow(services.clone(), shutdown.clone()),
        identity::tidy(services.clone(), shutdown.clone()),
        memory::keep(services.clone(), shutdown.clone()),
        catalog::tell_of_unasked(&services),
        catalog::respell(&services),
        async {
            while let Err(error) = queue::work(services.clone(), shutdown.clone()).await {
                tracing::error!(%error, "the workers could not start; trying again");
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        },
    );
}

/// Waits for work in hand; what does not end in time is taken up at the next start.
async fn end(work: JoinHandle<()>) {
    if tokio::time::timeout(GRACE, work).await.is_err() {
        tracing::warn!("some work did not end in time; it is taken up at the next start");
    }
}

/// Hears Ctrl-C and terminations from now on; what is returned waits for one and asks everything to stop then.
fn stop_on_signal(shutdown: CancellationToken) -> impl Future<Output = ()> {
    let heard = |kind, what| match signal(kind) {
        Ok(signal) => Some(signal),
        Err(error) => {
            tracing::warn!(%error, "{what} is not seen");
            None
        }
    };
    let (interrupted, terminated) =
        (heard(SignalKind::interrupt(), "Ctrl-C"), heard(SignalKind::terminate(), "a termination"));
    async move {
        tokio::select! {
            () = come(interrupted) => {}
            () = come(terminated) => {}
        }
        tracing::info!("stopping: requests in flight may finish");
        shutdown.cancel();
    }
}

async fn come(signal: Option<Signal>) {
    match signal {
        Some(mut signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}
