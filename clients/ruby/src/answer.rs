//! What a Rack application answers.

use std::sync::Arc;

use magnus::value::ReprValue;
use magnus::{Error, RArray, RHash, RString, Ruby, Symbol, Value};
use outpour_server::application::{Body, Reply, Request, Response};

use crate::callbacks::Callbacks;
use crate::{body, text};

/// Status, headers and body, read from what `call` returned.
pub(crate) struct Answer {
    pub(crate) status: i64,
    headers: Vec<(String, Vec<u8>)>,
    body: Value,
}

impl Answer {
    /// Takes the answer apart.
    ///
    /// # Errors
    /// A `TypeError` for what is no answer of Rack.
    pub(crate) fn read(ruby: &Ruby, answer: Value) -> Result<Self, Error> {
        let wrong = |text: &'static str| Error::new(ruby.exception_type_error(), text);
        let array = RArray::to_ary(answer);
        let array = array.map_err(|_| wrong("the application did not answer with an Array"))?;
        let Ok([status, headers, body]) = array.to_value_array() else {
            return Err(wrong("an answer has status, headers and body"));
        };
        let status = match magnus::Integer::from_value(status) {
            Some(status) => status.to_i64()?,
            None => status.funcall("to_i", ())?,
        };
        Ok(Self { status, headers: read_headers(ruby, headers)?, body })
    }

    /// The upgrade; the body is closed without having been asked for anything.
    ///
    /// # Errors
    /// What the body's `close` raises.
    pub(crate) fn upgrade(self, callbacks: Callbacks) -> Result<Reply, Error> {
        body::close(self.body)?;
        let accept = Reply::upgrade(Arc::new(callbacks));
        let headers = self.headers.into_iter();
        Ok(headers.fold(accept, |accept, (name, value)| accept.header(name, value)).into())
    }

    /// The answer of HTTP.
    ///
    /// # Errors
    /// What the body raises before anything was sent; an `ArgumentError` for a status that is none.
    pub(crate) fn send(self, ruby: &Ruby, request: &Request) -> Result<Reply, Error> {
        let status = u16::try_from(self.status).ok().filter(|status| (200..1000).contains(status));
        let Some(status) = status else {
            body::close(self.body)?;
            let text = format!("{} is no status of an answer", self.status);
            return Err(Error::new(ruby.exception_arg_error(), text));
        };
        let headers = self.headers.into_iter();
        let response = Response::new(status);
        let response =
            headers.fold(response, |response, (name, value)| response.header(name, value));
        if let Some(bytes) = body::whole(ruby, self.body)? {
            return Ok(response.body(Body::Bytes(bytes)).into());
        }
        body::send(ruby, self.body, request, response)
    }
}

/// Headers of Rack 2 (lines in one String) and Rack 3 (an Array), names of any case. What starts
/// with `rack.` is between the application and its server.
fn read_headers(ruby: &Ruby, headers: Value) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let mut all = Vec::new();
    if let Some(hash) = RHash::from_value(headers) {
        all.reserve(hash.len());
        hash.foreach(|name: Value, value: Value| {
            read_header(ruby, &mut all, name, value)?;
            Ok(magnus::r_hash::ForEach::Continue)
        })?;
        return Ok(all);
    }
    // Anything with `each` that yields pairs will do.
    let pairs: RArray = headers.funcall("to_a", ())?;
    for pair in pairs {
        let [name, value] = RArray::to_ary(pair)?.to_value_array()?;
        read_header(ruby, &mut all, name, value)?;
    }
    Ok(all)
}

fn read_header(
    ruby: &Ruby,
    all: &mut Vec<(String, Vec<u8>)>,
    name: Value,
    value: Value,
) -> Result<(), Error> {
    let name = match Symbol::from_value(name) {
        Some(symbol) => symbol.name()?.into_owned(),
        None => String::from_utf8_lossy(&text::bytes(text::string(ruby, name)?)).into_owned(),
    };
    if name.len() > 5 && name.as_bytes()[..5].eq_ignore_ascii_case(b"rack.") || value.is_nil() {
        return Ok(());
    }
    let values = match RArray::from_value(value) {
        Some(values) => values,
        None => ruby.ary_new_from_values(&[value]),
    };
    for value in values {
        let value: RString = match RString::from_value(value) {
            Some(value) => value,
            None => value.funcall("to_s", ())?,
        };
        let lines = text::bytes(value);
        let lines = lines.split(|byte| *byte == b'\n');
        all.extend(lines.map(|line| (name.clone(), line.to_vec())));
    }
    Ok(())
}
