//! A chat with rooms, on the server's channels.
//!
//! `cargo run --example chat`, then open the address that it prints in two windows. A room is a
//! channel: what is posted to `/pub?id=ROOM` is said there, too, and `/room/NAME` gives what was
//! said last to whoever comes.

use std::sync::Arc;

use outpour::{
    Client, Error, Incoming, Publication, PushHandler, Reply, Request, Response, Server, Start,
    Subscription,
};

const PAGE: &str =
    "<!doctype html><title>Chat</title><form><input autofocus></form><pre></pre><script>
const [log, field] = [document.querySelector('pre'), document.querySelector('input')]
const socket = new WebSocket(location.href.replace('http', 'ws') + 'room/lobby')
socket.onmessage = event => log.textContent = event.data + '\\n' + log.textContent
document.forms[0].onsubmit = event => {
  event.preventDefault()
  socket.send(field.value)
  field.value = ''
}
</script>";

/// Beside the application, publishers of HTTP.
const CONFIGURATION: &str = "
    events { }
    http {
        access_log off;
        push_stream_max_messages_stored_per_channel 20;
        server {
            listen ADDRESS;
            location = /pub {
                push_stream_publisher;
                push_stream_channels_path $arg_id;
                push_stream_store_messages on;
            }
            location / { push_stream_application; }
        }
    }";

/// Members of all rooms.
struct Members;

impl PushHandler for Members {
    fn on_open(&self, client: &Client) {
        let room = room(client);
        if let Err(refused) = client.subscribe(Subscription::channel(room).since(Start::Count(20)))
        {
            client.write(refused.to_string());
            client.close();
        }
    }

    fn on_message(&self, client: &Client, message: Incoming<'_>) {
        let Incoming::Text(text) = message else { return };
        if text.is_empty() {
            return;
        }
        let said = Publication::text(text).stored();
        if let Err(refused) = client.publish(room(client), said) {
            client.write(refused.to_string());
        }
    }
}

/// The room that a client has asked for.
fn room(client: &Client) -> String {
    client.request().path().trim_start_matches("/room/").to_owned()
}

/// Serves the chat at `address`.
pub(crate) fn start(address: &str) -> Result<Server, Error> {
    let members = Arc::new(Members);
    let application = move |request: &Request| -> Reply {
        let in_room = request.path().strip_prefix("/room/").is_some_and(|room| !room.is_empty());
        match request.upgrade() {
            Some(_) if in_room => Reply::upgrade(members.clone()).into(),
            _ if request.path() == "/" => Response::html(PAGE).into(),
            _ => Response::new(404).into(),
        }
    };
    let configuration = CONFIGURATION.replace("ADDRESS", address);
    Server::builder().configuration(configuration).application(application).start()
}

#[expect(clippy::print_stdout, reason = "an example says where it is")]
fn main() -> Result<(), Error> {
    let server = start(&std::env::args().nth(1).unwrap_or("127.0.0.1:9080".into()))?;
    println!("http://{}/", server.addresses()[0]);
    server.wait();
    Ok(())
}
