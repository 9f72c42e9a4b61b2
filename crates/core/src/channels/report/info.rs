//! The report on one channel.

use super::ReportFormat;
use super::escape::escape_json;
use super::format::Syntax;
use super::writer::{Value, Writer};

/// What is told about one channel.
#[derive(Clone, Copy, Debug)]
pub(in crate::channels) struct Info<'a> {
    pub(in crate::channels) id: &'a [u8],
    pub(in crate::channels) published_messages: u64,
    pub(in crate::channels) stored_messages: u64,
    pub(in crate::channels) subscribers: u64,
}

/// The report on one channel alone.
pub(in crate::channels) fn item(info: &Info<'_>, format: ReportFormat) -> Vec<u8> {
    if format.syntax() == Syntax::Json {
        return json_item(info);
    }
    let mut writer = Writer::new(format.syntax(), 256 + info.id.len());
    if writer.syntax == Syntax::Xml {
        writer.xml_declaration();
    }
    info.write(&mut writer);
    if writer.syntax != Syntax::Yaml {
        writer.put("\r\n");
    }
    writer.finish()
}

/// What [`item`] writes in JSON, without asking for the syntax at each step: every publication is
/// answered by it.
fn json_item(info: &Info<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(160 + info.id.len());
    out.extend_from_slice(b"{\"channel\": \"");
    escape_json(&mut out, info.id);
    let mut number = |before: &[u8], number: u64| {
        out.extend_from_slice(before);
        out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    };
    number(b"\", \"published_messages\": ", info.published_messages);
    number(b", \"stored_messages\": ", info.stored_messages);
    number(b", \"subscribers\": ", info.subscribers);
    out.extend_from_slice(b"}\r\n");
    out
}

impl Info<'_> {
    /// Writes the item; plain text and JSON leave its last line open.
    pub(super) fn write(&self, writer: &mut Writer) {
        match writer.syntax {
            Syntax::Plain => self.write_rows(writer, "channel", "active_subscribers"),
            Syntax::Json => {
                writer.put("{");
                self.write_rows(writer, "channel", "subscribers");
                writer.put("}");
            }
            Syntax::Yaml => self.write_rows(writer, "channel", "subscribers"),
            Syntax::Xml => {
                writer.put("<channel>\r\n");
                self.write_rows(writer, "name", "subscribers");
                writer.put("</channel>\r\n");
            }
        }
    }

    fn write_rows(&self, writer: &mut Writer, id: &str, subscribers: &str) {
        let indent = if writer.syntax == Syntax::Plain { "" } else { "  " };
        let rows = [
            (id, Value::Text(self.id)),
            ("published_messages", Value::Number(self.published_messages)),
            ("stored_messages", Value::Number(self.stored_messages)),
            (subscribers, Value::Number(self.subscribers)),
        ];
        writer.rows(indent, &rows);
    }
}
