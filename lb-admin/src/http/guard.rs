//! What a request must be before a handler sees it: asked under a name of ours, not by another website, and, where there
//! is a token, with it if it changes something.
//!
//! A `Host` must be an IP address, `localhost` or an `--admin-host`, since any other name can be made to point here by
//! anybody (DNS rebinding); what an absolute request target names must be, too. A client that sends no Host is no
//! browser. A change is refused where the browser says that another site sent it (`Sec-Fetch-Site`, or an `Origin` that
//! is not the Host); the content type says nothing, scripts post with `curl -d`. There are no CORS headers, ever. On the
//! front's paths any Host goes and no token is asked for (SPEC 5); two Hosts in one request go nowhere. Not here: which
//! address needs a token (lb-server's config), and how a Host is read (`host`).

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::watch;

use super::answer::Style;
use super::host;
use crate::config::Access;

/// The rules of now; a reload may bring others.
pub(super) type AccessNow = watch::Receiver<Access>;

/// Which checks apply.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    /// `None`: any Host goes, as on Unix sockets, which no browser reaches, and on the front's paths.
    hosts: Option<AccessNow>,
    /// `None`: no token is asked for.
    token: Option<AccessNow>,
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Suspicion {
    #[error("more than one Host: send one")]
    TwoHosts,
    #[error("this Host is not served: use an IP address or localhost, or start with --admin-host")]
    ForeignHost,
    #[error("a change asked for by another website is refused")]
    CrossSite,
    #[error("a change needs the token: send 'Authorization: Bearer TOKEN'")]
    NoToken,
    #[error("this is not the token")]
    WrongToken,
}

impl Suspicion {
    fn status(self) -> StatusCode {
        match self {
            Self::TwoHosts => StatusCode::BAD_REQUEST,
            Self::ForeignHost => StatusCode::MISDIRECTED_REQUEST,
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::NoToken | Self::WrongToken => StatusCode::UNAUTHORIZED,
        }
    }
}

impl Guard {
    /// Of the admin listener. `check_host`: whether a browser could have been led there under a foreign name.
    pub(super) fn admin(access: AccessNow, check_host: bool) -> Self {
        Self { hosts: check_host.then(|| access.clone()), token: Some(access) }
    }

    /// Of the front's paths.
    pub(super) fn front() -> Self {
        Self { hosts: None, token: None }
    }

    fn judge(&self, request: &Request) -> Result<(), Suspicion> {
        let headers = request.headers();
        let target = request.uri().authority().map(|authority| authority.as_str());
        if headers.get_all(HOST).iter().count() > 1 {
            return Err(Suspicion::TwoHosts);
        }
        let is_ours = |host: &str| self.hosts.as_ref().is_none_or(|access| host::is_ours(host, &access.borrow().hosts));
        let host_is_ours = headers.get(HOST).is_none_or(|host| host.to_str().is_ok_and(is_ours));
        if !host_is_ours || !target.is_none_or(is_ours) {
            return Err(Suspicion::ForeignHost);
        }
        if !changes_something(request.method()) {
            return Ok(());
        }
        if is_cross_site(headers, target) {
            return Err(Suspicion::CrossSite);
        }
        self.token.as_ref().map_or(Ok(()), |access| has_token(headers, &access.borrow()))
    }
}

/// Lets a request through, or refuses it before any handler sees it.
pub(super) async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let Err(suspicion) = guard.judge(&request) else { return next.run(request).await };
    let mut response = Style::of(request.uri()).refuse(suspicion.status(), suspicion);
    if suspicion.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Whether a request of this method could change something: all but those that are safe by definition.
pub(super) fn changes_something(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// `target`: the authority in the request line, which counts like a Host.
fn is_cross_site(headers: &HeaderMap, target: Option<&str>) -> bool {
    // `same-site` is another origin: another port on this very host, say. `none` is the address bar.
    let site_says_so = headers.get_all("sec-fetch-site").iter().any(|site| site != "same-origin" && site != "none");
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let foreign = |origin: &HeaderValue| {
        let names = |host: Option<&str>| host.is_some_and(|host| origin_is_host(origin, host));
        !names(host) || target.is_some_and(|target| !names(Some(target)))
    };
    site_says_so || headers.get_all(ORIGIN).iter().any(foreign)
}

/// Whether `scheme://authority` names the same authority as `host`. `null` and whatever isn't text don't.
fn origin_is_host(origin: &HeaderValue, host: &str) -> bool {
    let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

fn has_token(headers: &HeaderMap, access: &Access) -> Result<(), Suspicion> {
    let Some(token) = &access.token else { return Ok(()) };
    let mut said = headers.get_all(AUTHORIZATION).iter();
    let (Some(said), None) = (said.next(), said.next()) else { return Err(Suspicion::NoToken) };
    let presented = bearer(said.as_bytes()).ok_or(Suspicion::NoToken)?;
    if token.accepts(presented) { Ok(()) } else { Err(Suspicion::WrongToken) }
}

/// What stands after `Bearer`, in whatever case.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(b"bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| rest.trim_ascii())
}

#[cfg(test)]
mod tests;
