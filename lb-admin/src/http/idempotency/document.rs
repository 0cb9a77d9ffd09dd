//! What `/openapi.json` says of the key, for every change under `/v1`.

use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Header, Ref, RefOr, Required, ResponseBuilder};

const HEADER: &str = "Idempotency-Key";
const REPLAYED: &str = "Idempotency-Replayed";
const DESCRIPTION: &str = "A name for this one change, 1 to 255 characters of ASCII, in quotes or not, which makes a retry \
    safe: the same request with it is answered as the first time and nothing is done again; 409 while the first is being \
    answered, 422 where it was another request. Kept in memory for 24 h and for the last 1,000 keys, if the request was \
    judged: not after 401, 413, 429, 503, nor after 400 for what can't be read. Of a plan it is ignored.";
/// Whoever asks again after one of these is a first one again.
const NOT_KEPT: [&str; 4] = ["401", "413", "429", "503"];
/// What is read as a key; a string in quotes may be anything printable.
pub(super) const PATTERN: &str = r#"^("([ !#-\[\]-~]|\\["\\]){1,255}"|[!#-+\-.-:<-\[\]-~]{1,255})$"#;

/// Adds the header and what comes of it.
pub(in super::super) fn describe(operation: &mut Operation) {
    let key = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).pattern(Some(PATTERN));
    let parameter = ParameterBuilder::new()
        .name(HEADER)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(DESCRIPTION))
        .schema(Some(key));
    operation.parameters.get_or_insert_default().push(RefOr::T(parameter.build()));
    let mut replayed = Header::new(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["true"])));
    replayed.description = Some("It is the answer to an earlier request with this key".to_owned());
    let responses = &mut operation.responses.responses;
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response
            && !NOT_KEPT.contains(&status.as_str())
        {
            response.headers.insert(REPLAYED.to_owned(), RefOr::T(replayed.clone()));
        }
    }
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let another = ResponseBuilder::new()
        .description("The Idempotency-Key was used for another request")
        .content("application/problem+json", problem);
    responses.insert("422".to_owned(), RefOr::T(another.build()));
}
