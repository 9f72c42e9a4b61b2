//! Bodies of a Rack application's answers.

use std::fs::File;
use std::io::{self, Read};

use magnus::typed_data::Obj;
use magnus::value::ReprValue;
use magnus::{Error, Module, RArray, RModule, RString, Ruby, Value};
use outpour_server::application::{Body, Reply, Request, Response};

use crate::callbacks::place;
use crate::stream::Stream;
use crate::{failure, text};

/// Bytes of a file that are read in one go.
const PIECE: u64 = 64 * 1024;

/// The bytes of a body that is there as a whole: an Array, or what stands for one. It is closed.
///
/// # Errors
/// A `TypeError` for an element that is no String; what the body raises.
pub(crate) fn whole(ruby: &Ruby, body: Value) -> Result<Option<Vec<u8>>, Error> {
    let array = match RArray::from_value(body) {
        Some(array) => array,
        None if body.respond_to("to_ary", false)? => {
            let array = body.funcall::<_, _, RArray>("to_ary", ());
            close(body)?;
            array?
        }
        None => return Ok(None),
    };
    let mut all = Vec::new();
    for index in 0..array.len() {
        let part: Value = array.entry(isize::try_from(index).unwrap_or(isize::MAX))?;
        all.extend_from_slice(&text::bytes(part_of(ruby, part)?));
    }
    Ok(Some(all))
}

/// Answers with a body that comes in pieces: a file, what `each` yields, or what a body of Rack 3
/// writes into the stream that it is called with.
///
/// # Errors
/// What the body raises before anything was sent. Later exceptions break the answer off.
pub(crate) fn send(
    ruby: &Ruby,
    body: Value,
    request: &Request,
    response: Response,
) -> Result<Reply, Error> {
    if request.method() == "HEAD" {
        close(body)?;
        return Ok(response.into());
    }
    if body.respond_to("to_path", false)? {
        let path: String = body.funcall("to_path", ())?;
        close(body)?;
        let file = File::open(&path).map_err(|error| no_file(ruby, &path, &error))?;
        return Ok(response.body(Body::Pieces(Box::new(Pieces(file)))).into());
    }
    let (responder, later) = request.defer();
    let stream = ruby.obj_wrap(Stream::new(responder, response));
    let outcome = if body.respond_to("each", false)? {
        let poured = pour(ruby, body, stream).and_then(|()| close(body));
        poured.map(|()| stream.end())
    } else {
        // The stream belongs to the body, which may go on with it after the call.
        body.funcall::<_, _, Value>("call", (stream,)).map(|_| stream.open())
    };
    if let Err(error) = outcome {
        failure::report(ruby, &format!("body of {}", place(request)), error);
        stream.abort();
    }
    Ok(later)
}

/// `body.close`, if it has one.
///
/// # Errors
/// What it raises.
pub(crate) fn close(body: Value) -> Result<(), Error> {
    if RArray::from_value(body).is_none() && body.respond_to("close", false)? {
        let _: Value = body.funcall("close", ())?;
    }
    Ok(())
}

/// Writes what `each` yields into the stream, until the client has gone.
fn pour(ruby: &Ruby, body: Value, stream: Obj<Stream>) -> Result<(), Error> {
    let outpour: RModule = ruby.class_object().const_get("Outpour")?;
    outpour.funcall::<_, _, Value>("pour", (body, stream)).map(drop)
}

fn part_of(ruby: &Ruby, part: Value) -> Result<RString, Error> {
    RString::from_value(part).ok_or_else(|| {
        // SAFETY: the name is copied at once.
        let class = unsafe { part.classname() }.into_owned();
        let text = format!("a body consists of Strings, not of {class}");
        Error::new(ruby.exception_type_error(), text)
    })
}

fn no_file(ruby: &Ruby, path: &str, error: &io::Error) -> Error {
    Error::new(ruby.exception_io_error(), format!("{path}: {error}"))
}

/// A file, piece by piece, as the client takes it.
struct Pieces(File);

impl Iterator for Pieces {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut piece = Vec::new();
        let read = (&self.0).take(PIECE).read_to_end(&mut piece);
        match read {
            Ok(0) => None,
            Ok(_) => Some(Ok(piece)),
            Err(error) => Some(Err(error)),
        }
    }
}
