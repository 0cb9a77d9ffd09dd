//! What keeps a browser's other tabs out: cross-site requests (CSRF) and names rebound to our address.
//!
//! A change is refused where the browser says that another site sent it (`Sec-Fetch-Site`, or an `Origin` that is not
//! the `Host`). The content type says nothing: scripts post with `curl -d`. A `Host` must be an IP address or
//! `localhost`, since a name can be made to point here by anybody; a client that sends none is no browser. There are
//! no CORS headers. Not here: tokens, and the rule that an address others can reach needs one (lb-server's config).

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::answer::Style;

/// Which checks apply.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guard {
    /// Off on Unix sockets, which no browser reaches, and on the front's paths (SPEC 5: any Host).
    pub(super) check_host: bool,
}

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
enum Suspicion {
    #[error("a change asked for by another website is refused")]
    CrossSite,
    #[error("this Host is not served: use an IP address or localhost")]
    ForeignHost,
}

/// Lets a request through, or refuses it before any handler sees it.
pub(super) async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let (status, suspicion) = if guard.check_host && !host_is_ours(request.headers()) {
        (StatusCode::MISDIRECTED_REQUEST, Suspicion::ForeignHost)
    } else if changes_something(request.method()) && is_cross_site(request.headers()) {
        (StatusCode::FORBIDDEN, Suspicion::CrossSite)
    } else {
        return next.run(request).await;
    };
    Style::of(request.uri()).refuse(status, suspicion)
}

fn changes_something(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

fn is_cross_site(headers: &HeaderMap) -> bool {
    // `same-site` is another origin: another port on this very host, say. `none` is the address bar.
    let site_says_so = headers.get_all("sec-fetch-site").iter().any(|site| site != "same-origin" && site != "none");
    let host = headers.get(HOST);
    site_says_so || headers.get_all(ORIGIN).iter().any(|origin| !origin_is_host(origin, host))
}

/// Whether `scheme://authority` names the same authority as `Host`. `null` and whatever isn't text don't.
fn origin_is_host(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    let host = host.and_then(|host| host.to_str().ok());
    matches!((authority, host), (Some(authority), Some(host)) if authority.eq_ignore_ascii_case(host))
}

fn host_is_ours(headers: &HeaderMap) -> bool {
    headers.get_all(HOST).iter().all(|host| host.to_str().is_ok_and(is_ip_or_localhost))
}

fn is_ip_or_localhost(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || address.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests;
