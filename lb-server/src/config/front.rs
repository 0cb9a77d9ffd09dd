//! Where clients and the admin API are to be found, and that the two don't collide. Who may use the admin API is decided in
//! `access`.

use std::net::{Ipv4Addr, SocketAddr};

use lb_admin::config::AdminAddr;

use super::ConfigError;
use crate::cli::serve::ServeArgs;

const FRONT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 5000);
const ADMIN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 5001);

/// The fronts and the admin address; `None`: the profile serves the admin paths on the front, and its default port is
/// taken by one.
pub(super) fn resolve(
    args: &ServeArgs,
    assignment: bool,
    notes: &mut Vec<String>,
) -> Result<(Vec<SocketAddr>, Option<AdminAddr>), ConfigError> {
    let fronts = args.front.clone().unwrap_or_else(|| vec![FRONT]);
    if fronts.is_empty() {
        return Err(ConfigError::NoFront);
    }
    for (index, front) in fronts.iter().enumerate() {
        if front.port() != 0 && fronts[..index].contains(front) {
            return Err(ConfigError::FrontTwice(*front));
        }
    }
    let admin = admin_addr(args.admin.as_deref())?;
    let AdminAddr::Tcp(addr) = &admin else { return Ok((fronts, Some(admin))) };
    let Some(front) = fronts.iter().find(|front| collide(front, addr)) else { return Ok((fronts, Some(admin))) };
    if assignment && args.admin.is_none() {
        notes
            .push(format!("no admin listener: its default port {} is a front; /rep, /add, /rm are there", addr.port()));
        return Ok((fronts, None));
    }
    Err(ConfigError::AdminOnFront { front: *front, admin: *addr })
}

fn admin_addr(text: Option<&str>) -> Result<AdminAddr, ConfigError> {
    let Some(text) = text else { return Ok(AdminAddr::Tcp(ADMIN)) };
    if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
        return Ok(AdminAddr::Unix(path.into()));
    }
    text.parse().map(AdminAddr::Tcp).map_err(|_| ConfigError::AdminSyntax(text.to_owned()))
}

/// Whether the two can't be bound side by side. Port 0 is a free one each time.
fn collide(front: &SocketAddr, admin: &SocketAddr) -> bool {
    let same_ip = front.ip() == admin.ip() || front.ip().is_unspecified() || admin.ip().is_unspecified();
    front.port() != 0 && front.port() == admin.port() && same_ip
}
