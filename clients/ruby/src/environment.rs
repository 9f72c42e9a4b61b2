//! A request as Rack shows it: the environment.

use magnus::value::{InnerValue, Lazy, ReprValue, StaticSymbol};
use magnus::{Error, IntoValue, Module, RClass, RHash, RModule, RString, Ruby, Value};
use outpour_server::application::{Request, Upgrade};

use crate::authority::Authority;
use crate::names::{self, Name};
use crate::roots::{self, Root};

static WEBSOCKET: Lazy<StaticSymbol> = Lazy::new(|ruby| ruby.sym_new("websocket"));
static SSE: Lazy<StaticSymbol> = Lazy::new(|ruby| ruby.sym_new("sse"));

/// Where bodies of requests are read from.
static STRING_IO: Lazy<RClass> = Lazy::new(|ruby| {
    let class = ruby.class_object().const_get("StringIO");
    class.unwrap_or_else(|_| ruby.class_object())
});

/// Pairs that wait on the stack, where Ruby's collector sees them, for one insertion.
struct Pairs {
    values: [Value; Pairs::VALUES],
    length: usize,
}

impl Pairs {
    /// Sixteen keys with their values.
    const VALUES: usize = 32;

    fn new(ruby: &Ruby) -> Self {
        Self { values: [ruby.qnil().as_value(); Self::VALUES], length: 0 }
    }

    fn add(&mut self, env: RHash, key: RString, value: impl ReprValue) -> Result<(), Error> {
        self.values[self.length] = key.as_value();
        self.values[self.length + 1] = value.as_value();
        self.length += 2;
        if self.length == Self::VALUES { self.insert(env) } else { Ok(()) }
    }

    fn insert(&mut self, env: RHash) -> Result<(), Error> {
        env.bulk_insert(&self.values[..self.length])?;
        self.length = 0;
        Ok(())
    }
}

/// Makes what every environment needs, while no other thread can.
pub(crate) fn prepare(ruby: &Ruby) {
    Lazy::force(&WEBSOCKET, ruby);
    Lazy::force(&SSE, ruby);
    Lazy::force(&STRING_IO, ruby);
}

/// What is the same in the environment of every request.
///
/// # Errors
/// Ruby has no memory left.
pub(crate) fn template(ruby: &Ruby, threads: usize) -> Result<Root, Error> {
    let template = ruby.hash_new();
    let version = ruby.ary_new_from_values(&[1.into_value_with(ruby), 3.into_value_with(ruby)]);
    version.freeze();
    let outpour: RModule = ruby.class_object().const_get("Outpour")?;
    let software = format!("outpour {}", env!("CARGO_PKG_VERSION"));
    let software = ruby.str_new(&software);
    software.freeze();
    let set = |name: &Name, value: Value| template.aset(name.get(ruby), value);
    set(&names::SCRIPT_NAME, names::EMPTY.get(ruby).as_value())?;
    set(&names::SERVER_SOFTWARE, software.as_value())?;
    set(&names::RACK_VERSION, version.as_value())?;
    set(&names::RACK_INPUT, outpour.const_get("EMPTY_INPUT")?)?;
    set(&names::RACK_ERRORS, outpour.const_get("ERRORS")?)?;
    set(&names::RACK_MULTITHREAD, (threads > 1).into_value_with(ruby))?;
    set(&names::RACK_MULTIPROCESS, false.into_value_with(ruby))?;
    set(&names::RACK_RUN_ONCE, false.into_value_with(ruby))?;
    set(&names::RACK_HIJACK_ASKED, false.into_value_with(ruby))?;
    set(&names::RACK_URL_SCHEME, names::HTTP.get(ruby).as_value())?;
    set(&names::RACK_UPGRADE_ASKED, ruby.qnil().as_value())?;
    roots::keep(ruby, template)
}

/// The environment of `request`.
///
/// # Errors
/// Ruby has no memory left, or raised what another thread sent.
pub(crate) fn environment(ruby: &Ruby, template: Root, request: &Request) -> Result<RHash, Error> {
    let template: RHash = roots::find(ruby, template).unwrap_or_else(|| ruby.hash_new());
    let env: RHash = template.funcall("dup", ())?;
    let mut pairs = Pairs::new(ruby);
    let query = request.query();
    let query = if query.is_empty() { names::EMPTY.get(ruby) } else { binary(ruby, query) };
    pairs.add(env, names::REQUEST_METHOD.get(ruby), names::method(ruby, request.method()))?;
    pairs.add(env, names::PATH_INFO.get(ruby), path(ruby, request))?;
    pairs.add(env, names::QUERY_STRING.get(ruby), query)?;
    pairs.add(env, names::SERVER_PROTOCOL.get(ruby), names::protocol(ruby, request.protocol()))?;
    pairs.add(env, names::REMOTE_ADDR.get(ruby), remote(ruby, request))?;
    let authority = Authority::of(request);
    pairs.add(env, names::SERVER_NAME.get(ruby), binary(ruby, authority.name))?;
    pairs.add(env, names::SERVER_PORT.get(ruby), ruby.str_new(&authority.port))?;
    if request.is_encrypted() {
        pairs.add(env, names::RACK_URL_SCHEME.get(ruby), names::HTTPS.get(ruby))?;
    }
    if let Some(upgrade) = upgrade(ruby, request) {
        pairs.add(env, names::RACK_UPGRADE_ASKED.get(ruby), upgrade)?;
    }
    add_headers(ruby, env, &mut pairs, request)?;
    if !request.body().is_empty() {
        add_body(ruby, env, &mut pairs, request)?;
    }
    pairs.insert(env)?;
    Ok(env)
}

/// `:websocket` or `:sse`.
pub(crate) fn upgrade(ruby: &Ruby, request: &Request) -> Option<StaticSymbol> {
    request.upgrade().map(|upgrade| match upgrade {
        Upgrade::WebSocket => WEBSOCKET.get_inner_with(ruby),
        Upgrade::Sse => SSE.get_inner_with(ruby),
    })
}

/// Headers that repeat become one value, as Rack wants it.
fn add_headers(ruby: &Ruby, env: RHash, pairs: &mut Pairs, request: &Request) -> Result<(), Error> {
    for (index, (name, value)) in request.headers().enumerate() {
        // An underscore would become the same key as a hyphen: nobody forges headers that way.
        let known = request.headers().take(index).any(|(n, _)| n.eq_ignore_ascii_case(name));
        if known || name.contains(&b'_') || name.eq_ignore_ascii_case(b"proxy") {
            continue;
        }
        let more = request.headers().skip(index + 1);
        let mut more = more.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v);
        let value = match more.next() {
            None => binary(ruby, value),
            Some(second) => {
                let glue: &[u8] = if name.eq_ignore_ascii_case(b"cookie") { b"; " } else { b", " };
                let all: Vec<_> = [value, second].into_iter().chain(more).collect();
                binary(ruby, &all.join(glue))
            }
        };
        pairs.add(env, names::header(ruby, name), value)?;
    }
    Ok(())
}

/// The body is there as a whole, so that its length is known even if it came in chunks.
fn add_body(ruby: &Ruby, env: RHash, pairs: &mut Pairs, request: &Request) -> Result<(), Error> {
    let body = binary(ruby, request.body());
    let input: Value = STRING_IO.get_inner_with(ruby).funcall("new", (body,))?;
    pairs.add(env, names::RACK_INPUT.get(ruby), input)?;
    let length = request.body().len().to_string();
    pairs.add(env, names::CONTENT_LENGTH.get(ruby), ruby.str_new(&length))
}

/// The path as it was sent. A target that names the host too loses it, `*` is shown as `/`.
fn path(ruby: &Ruby, request: &Request) -> RString {
    let path = request.raw_path();
    if path == b"/" || path == b"*" || path.is_empty() {
        return names::SLASH.get(ruby);
    }
    binary(ruby, path)
}

fn remote(ruby: &Ruby, request: &Request) -> RString {
    match request.remote() {
        Some(remote) if remote.ip().is_ipv4() && remote.ip().is_loopback() => {
            names::LOOPBACK.get(ruby)
        }
        Some(remote) => ruby.str_new(&remote.ip().to_string()),
        // A client on this machine.
        None => names::LOOPBACK.get(ruby),
    }
}

/// What comes from the network says nothing of its encoding.
fn binary(ruby: &Ruby, bytes: &[u8]) -> RString {
    ruby.enc_str_new(bytes, ruby.ascii8bit_encoding())
}
