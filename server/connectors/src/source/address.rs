//! Which addresses may be fetched from: those of the internet, and the internal ones that an administrator allowed.
//!
//! A name is resolved once, every address it means is looked at, and the connection goes to exactly those: what the name
//! means a moment later does not matter.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use services::catalog::ports::ReadProblem;
use tokio::{net::lookup_host, time::timeout};
use url::{Host, Url};

/// How long a name may take to resolve.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks at addresses before anything is sent to them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guard {
    allow: Vec<String>,
}

impl Guard {
    pub(crate) fn new(allow: &[String]) -> Self {
        Self { allow: allow.iter().map(|host| host.trim().to_lowercase()).collect() }
    }

    /// The addresses behind `url`, all of which may be fetched from.
    pub(crate) async fn vet(&self, url: &Url) -> Result<Vec<SocketAddr>, ReadProblem> {
        let usual = match url.scheme() {
            "https" => 443,
            "http" => 80,
            "ssh" => 22,
            _ => return Err(ReadProblem::Refused(format!("`{url}`: only http, https and ssh addresses are read"))),
        };
        let Some(host) = url.host() else {
            return Err(ReadProblem::Refused(format!("`{url}` names no host")));
        };
        // Of schemes that are not the web's, the host comes as it is written.
        let host = match host {
            Host::Domain(name) => {
                Host::parse(name).map_err(|error| ReadProblem::Refused(format!("`{url}` names no host: {error}")))?
            }
            Host::Ipv4(address) => Host::Ipv4(address),
            Host::Ipv6(address) => Host::Ipv6(address),
        };
        let port = url.port().unwrap_or(usual);
        let addresses = match host {
            Host::Ipv4(address) => vec![SocketAddr::from((address, port))],
            Host::Ipv6(address) => vec![SocketAddr::from((address, port))],
            Host::Domain(ref name) => resolve(name, port).await?,
        };
        let shown = host.to_string().to_lowercase();
        let is_allowed = self.allow.iter().any(|allowed| *allowed == shown || *allowed == format!("{shown}:{port}"));
        match addresses.iter().find(|address| !is_public(address.ip())) {
            Some(address) if !is_allowed => Err(ReadProblem::Refused(format!(
                "`{shown}` is at the internal address {}, which is not fetched from; an administrator can allow it with \
                 `[outbound] allow = [\"{shown}:{port}\"]`",
                address.ip()
            ))),
            _ => Ok(addresses),
        }
    }
}

async fn resolve(name: &str, port: u16) -> Result<Vec<SocketAddr>, ReadProblem> {
    let found = match timeout(PATIENCE, lookup_host((name, port))).await {
        Ok(Ok(found)) => found.collect::<Vec<_>>(),
        Ok(Err(error)) => {
            return Err(ReadProblem::Unreachable(format!("the name `{name}` cannot be resolved: {error}")));
        }
        Err(_) => return Err(ReadProblem::Unreachable(format!("the name `{name}` was not resolved in time"))),
    };
    if found.is_empty() {
        return Err(ReadProblem::Unreachable(format!("the name `{name}` has no address")));
    }
    Ok(found)
}

/// Whether an address belongs to the internet at large.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || address.is_broadcast()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        // Shared by carriers, IETF protocols, benchmarks, 6to4 relays, reserved.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19))
        || (a == 192 && b == 88 && c == 99)
        || a >= 240;
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // Addresses that carry one of the older kind are as good as that one.
    let carried = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] => segments[..6] != [0; 6] && carried(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => carried(high, low),
        // Teredo hides its other end; documentation; local translation.
        [0x2001, 0 | 0xdb8, ..] | [0x64, 0xff9b, 1, ..] | [0x100, 0, 0, 0, ..] => false,
        // Only 2000::/3 is given out for the internet.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_addresses_are_told_from_public_ones() {
        for public in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for internal in [
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "0.1.2.3",
            "100.64.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
            "fec0::1",
        ] {
            assert!(!is_public(internal.parse().unwrap()), "{internal}");
        }
    }

    #[tokio::test]
    async fn an_internal_host_is_fetched_from_only_if_it_is_allowed() {
        let vet = async |allow: &str, url: &str| Guard::new(&[allow.to_owned()]).vet(&url.parse().unwrap()).await;
        for url in [
            "http://127.0.0.1/x",
            "http://localhost:8080/",
            "http://[::1]/",
            "http://2130706433/",
            "ssh://git@0x7f.1/x",
        ] {
            assert!(matches!(vet("", url).await, Err(ReadProblem::Refused(_))), "{url}");
        }
        assert!(vet("127.0.0.1", "http://127.0.0.1:9/x").await.is_ok());
        assert!(vet("127.0.0.1:9", "http://127.0.0.1:9/x").await.is_ok());
        assert!(vet("127.0.0.1:8", "http://127.0.0.1:9/x").await.is_err());
        assert!(matches!(vet("", "file:///etc/passwd").await, Err(ReadProblem::Refused(_))));
    }
}
