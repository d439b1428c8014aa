//! ${{ values.description }}.

mod ${{ values.moduleName }}_routes;

mod settings;

use ${{ values.moduleName }}_routes::router;

use settings::Settings;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::from_environment()?;
    let listener = TcpListener::bind(settings.address).await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, router(settings))
        .with_graceful_shutdown(stop_signal())
        .await?;
    Ok(())
}

/// Completes when the cluster asks us to stop, or on Ctrl-C.
async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
