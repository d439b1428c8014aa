//! Where a request comes from.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};
use services::identity::From as Origin;

use super::AppState;

/// Networks that a setting names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Networks(Vec<Network>);

/// Proxies in front of this server, whose word about where a request comes from counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proxies(Networks);

#[derive(Debug, Clone, Copy)]
struct Network {
    address: IpAddr,
    bits: u32,
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no address; write `10.0.0.1` or `10.0.0.0/8`");
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.trim().parse::<u32>().map_err(|_| wrong()))?;
        if bits > most { Err(wrong()) } else { Ok(Self { address, bits }) }
    }
}

impl Network {
    fn holds(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (network.to_bits() ^ address.to_bits()).leading_zeros() >= self.bits
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                (network.to_bits() ^ address.to_bits()).leading_zeros() >= self.bits
            }
            _ => false,
        }
    }
}

impl Networks {
    /// The networks that `setting` names; `all` is every one.
    ///
    /// # Errors
    /// The one that is no address.
    pub(crate) fn new(setting: &str, named: &[String]) -> Result<Self, String> {
        let mut networks = Vec::new();
        for text in named {
            if text == "all" {
                let every = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
                networks.extend(every.map(|address| Network { address, bits: 0 }));
            } else {
                networks.push(text.parse().map_err(|why| format!("`{setting}`: {why}"))?);
            }
        }
        Ok(Self(networks))
    }

    /// Whether an address is in one of them.
    pub(crate) fn hold(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address))
    }
}

impl Proxies {
    /// The proxies that the configuration names.
    ///
    /// # Errors
    /// The one that is no address.
    pub(crate) fn new(named: &[String]) -> Result<Self, String> {
        if named.iter().any(|text| text == "all") {
            return Err(
                "`[server] proxies`: not everyone is a proxy; name their addresses, such as `10.0.0.0/8`".into()
            );
        }
        Networks::new("[server] proxies", named).map(Self)
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.0.hold(address)
    }

    /// Where a request comes from that `peer` sends: the last address that no proxy of ours added.
    pub(crate) fn origin(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut address = peer.to_canonical();
        let told: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        for before in told.into_iter().rev() {
            if !self.trust(address) {
                break;
            }
            match before.trim().parse::<IpAddr>() {
                Ok(before) => address = before.to_canonical(),
                Err(_) => break,
            }
        }
        address
    }
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) Option<IpAddr>);

impl Peer {
    /// Where `parts` come from.
    pub(crate) fn of(state: &AppState, extensions: &http::Extensions, headers: &HeaderMap) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        Self(peer.map(|peer| state.proxies.origin(peer, headers)))
    }

    /// Under which key failures are noted: an address, or the network of one, since a house has as many IPv6 addresses as
    /// it wants.
    pub(crate) fn key(self) -> String {
        match self.0 {
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("address {a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
            Some(address) => format!("address {address}"),
            None => "address unknown".to_owned(),
        }
    }

    /// For the row of a session.
    pub(crate) fn from(self, headers: &HeaderMap) -> Origin {
        let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).map(str::to_owned);
        Origin { address: self.0.map(|address| address.to_string()), agent }
    }
}

impl FromRequestParts<AppState> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        Ok(Self::of(state, &parts.extensions, &parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_word_of_a_known_proxy_counts() {
        let proxies = Proxies::new(&["10.0.0.0/8".to_owned(), "::1".to_owned()]).unwrap();
        let from = |peer: &str, told: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", HeaderValue::from_static(told));
            proxies.origin(peer.parse().unwrap(), &headers).to_string()
        };
        assert_eq!(from("10.1.2.3", "203.0.113.9"), "203.0.113.9");
        assert_eq!(from("10.1.2.3", "1.1.1.1, 203.0.113.9, 10.9.9.9"), "203.0.113.9");
        assert_eq!(from("203.0.113.7", "1.1.1.1"), "203.0.113.7");
        assert_eq!(from("::1", "nonsense"), "::1");
        assert_eq!(from("::ffff:10.1.2.3", "203.0.113.9"), "203.0.113.9");
        for wrong in ["10.0.0.0/33", "x", "all"] {
            let told = Proxies::new(&[wrong.to_owned()]).unwrap_err();
            assert!(told.starts_with("`[server] proxies`: "), "{told}");
        }
    }

    #[test]
    fn all_is_every_network() {
        let all = Networks::new("s", &["all".to_owned()]).unwrap();
        assert!(all.hold("203.0.113.9".parse().unwrap()) && all.hold("2001:db8::1".parse().unwrap()));
        assert!(!Networks::default().hold("127.0.0.1".parse().unwrap()));
        assert_eq!(
            Networks::new("s", &["x".to_owned()]).unwrap_err(),
            "`s`: `x` is no address; write `10.0.0.1` or `10.0.0.0/8`"
        );
    }
}
