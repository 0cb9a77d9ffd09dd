//! A change under `/v1` that carries an `Idempotency-Key` is made once, however often it is asked for: the same request is
//! answered with the first answer again, byte for byte, and the owner hears nothing of it.
//!
//! As in draft-ietf-httpapi-idempotency-key-header: 400 for what is no key (`key`), 422 for a key that came with another
//! request, 409 while the first one is being answered. That one runs to its end in a task of its own, so that a client that
//! hangs up and asks again finds the answer. Kept is what was judged ([`Judged`]), a refusal too; what a retry should try
//! again (401, 413, 429, 503, a malformed body) leaves the key free. In memory only (`keeper`): a restart forgets. A plan
//! changes nothing, so its key means nothing. Not here: what the API's document says of it (`document`).

use std::hash::{BuildHasher, RandomState};
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{ETAG, IF_MATCH, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt;

use self::keeper::{Answer, Begun, Bounds, Keeper};
use self::key::Key;
use super::Api;
use super::answer::{Style, is_versioned, parameter};
use super::guard::changes_something;
use super::v1::etag;

pub(super) mod document;
mod keeper;
mod key;

/// Whoever retries does so within a day; a thousand changes are many for that, and their answers are a few KiB each.
const BOUNDS: Bounds = Bounds { keys: 1000, bytes: 16 * 1024 * 1024, age: Duration::from_secs(24 * 60 * 60) };
/// When to ask again, where the first request is still being answered: a replica starts within seconds.
const RETRY_SECONDS: u64 = 1;
/// Says of an answer that it is an earlier one.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Marks an answer, as an extension, that is the outcome of its request, and would be wrong to find out anew.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged;

/// The keys of now. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Keys(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    keeper: Mutex<Keeper>,
    /// Under a secret, so that nobody can make two requests look the same.
    requests: RandomState,
}

impl Keys {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Kept { keeper: Mutex::new(Keeper::new(BOUNDS)), requests: RandomState::new() }))
    }

    fn keeper(&self) -> MutexGuard<'_, Keeper> {
        self.0.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells requests apart by all that their meaning depends on.
    fn fingerprint(&self, parts: &Parts, body: &Bytes) -> u64 {
        let target = parts.uri.path_and_query().map(|target| target.as_str());
        let conditions: Vec<&[u8]> = parts.headers.get_all(IF_MATCH).iter().map(HeaderValue::as_bytes).collect();
        self.0.requests.hash_one((parts.method.as_str(), target, conditions, body))
    }
}

/// Goes on with a request that has no key, or a new one; answers any other.
pub(super) async fn once(State(api): State<Api>, request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    if !is_versioned(&uri) || !changes_something(request.method()) {
        return next.run(request).await;
    }
    let key = match key::read(request.headers()) {
        Ok(Some(key)) if !is_plan(&uri) => key,
        Ok(_) => return next.run(request).await,
        Err(error) => return Style::of(&uri).refuse(StatusCode::BAD_REQUEST, error),
    };
    let (parts, body) = request.into_parts();
    // In memory already: `body` has read it.
    let bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let fingerprint = api.keys.fingerprint(&parts, &bytes);
    let begun = api.keys.keeper().begin(&key, fingerprint, Instant::now());
    match begun {
        Begun::New => {
            let turn = Turn { keys: api.keys.clone(), key: Some(key) };
            carried_out(turn, api, Request::from_parts(parts, Body::from(bytes)), next).await
        }
        Begun::Answered(answer) => again(answer),
        Begun::UnderWay => {
            not_now(&uri, StatusCode::CONFLICT, "the first request with this Idempotency-Key is still being answered")
        }
        Begun::Another => Style::of(&uri).refuse(
            StatusCode::UNPROCESSABLE_ENTITY,
            "this Idempotency-Key was used for another request: take a new one for each change",
        ),
        Begun::Full => {
            let why = "too many requests with an Idempotency-Key are being answered";
            not_now(&uri, StatusCode::TOO_MANY_REQUESTS, why)
        }
    }
}

/// Whether nothing would be done. What `dry_run` may say is the handlers' to judge; they refuse the rest.
fn is_plan(uri: &Uri) -> bool {
    parameter(uri, "dry_run").is_some_and(|said| said != "false")
}

/// To its end, also where the client doesn't wait for it.
async fn carried_out(turn: Turn, api: Api, request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let answered = tokio::spawn(async move {
        let response = next.run(request).await;
        turn.end(response, &api).await
    });
    match answered.await.map_err(|error| error.try_into_panic()) {
        Ok(response) => response,
        // As if it had been called here: it ends this connection and nothing else.
        Err(Ok(panic)) => resume_unwind(panic),
        Err(Err(_cancelled)) => not_now(&uri, StatusCode::SERVICE_UNAVAILABLE, "the load balancer is stopping"),
    }
}

/// A key that is under way. Dropped, it is free again: whatever went wrong, nobody waits for an answer for ever.
#[derive(Debug)]
struct Turn {
    keys: Keys,
    key: Option<Key>,
}

impl Turn {
    /// Keeps the answer where it is one to keep.
    async fn end(mut self, response: Response, api: &Api) -> Response {
        if response.extensions().get::<Judged>().is_none() {
            return response;
        }
        let (mut parts, body) = response.into_parts();
        if !parts.headers.contains_key(ETAG) {
            etag::put(&mut parts.headers, api.membership.snapshot().epoch());
        }
        // Made whole in memory by the handler.
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let answer = Answer { status: parts.status, headers: parts.headers.clone(), body: body.clone() };
        if let Some(key) = self.key.take() {
            self.keys.keeper().end(&key, Some(answer), Instant::now());
        }
        Response::from_parts(parts, Body::from(body))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.keys.keeper().end(&key, None, Instant::now());
        }
    }
}

fn again(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn not_now(uri: &Uri, status: StatusCode, why: &str) -> Response {
    let mut response = Style::of(uri).refuse(status, format_args!("{why}: ask again in {RETRY_SECONDS} s"));
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(RETRY_SECONDS));
    response
}

#[cfg(test)]
mod tests;
