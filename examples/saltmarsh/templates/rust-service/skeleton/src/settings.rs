//! What the service reads from its environment.

use std::net::{AddrParseError, SocketAddr};

const LISTEN: &str = "0.0.0.0:${{ values.port }}";

#[derive(Clone, Debug)]
pub struct Settings {
    /// Where to listen.
    pub address: SocketAddr,
{%- if values.storage != "none" %}
    /// Host and port of the {% if values.storage == "postgres" %}database{% else %}cache{% endif %}; without it the service is ready as soon as it runs.
    pub storage_address: Option<String>,
{%- endif %}
}

impl Settings {
    /// Reads `LISTEN`{% if values.storage != "none" %} and `STORAGE_ADDRESS`{% endif %}.
    pub fn from_environment() -> Result<Self, AddrParseError> {
        let listen = std::env::var("LISTEN");
        Ok(Self {
            address: listen.as_deref().unwrap_or(LISTEN).parse()?,
{%- if values.storage != "none" %}
            storage_address: std::env::var("STORAGE_ADDRESS").ok(),
{%- endif %}
        })
    }
}
