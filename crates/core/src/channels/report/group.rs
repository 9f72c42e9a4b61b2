//! The report on several channels.

use super::format::Syntax;
use super::info::Info;
use super::writer::{Value, Writer};
use super::{ReportContext, ReportFormat};
use crate::civil::Civil;

/// What the report on several channels tells about the server.
#[derive(Clone, Copy, Debug)]
pub(in crate::channels) struct Overview {
    pub(in crate::channels) channels: u64,
    pub(in crate::channels) wildcard_channels: u64,
    /// Seconds.
    pub(in crate::channels) uptime: u64,
}

/// Bytes to reserve for each item beside its id.
const ITEM_BYTES: usize = 176;

/// The report on several channels, maybe none. Linear in their number.
pub(in crate::channels) fn group(
    infos: &[Info<'_>],
    overview: &Overview,
    format: ReportFormat,
    context: &ReportContext<'_>,
) -> Vec<u8> {
    let items = infos.iter().map(|info| ITEM_BYTES + info.id.len()).sum::<usize>();
    let mut writer = Writer::new(format.syntax(), 320 + context.hostname.len() + items);
    write_head(&mut writer, overview, context);
    write_items(&mut writer, infos);
    writer.put(match writer.syntax {
        Syntax::Plain | Syntax::Yaml => "",
        Syntax::Json => "]}\r\n",
        Syntax::Xml => "  </infos>\r\n</root>\r\n",
    });
    writer.finish()
}

fn write_head(writer: &mut Writer, overview: &Overview, context: &ReportContext<'_>) {
    let time = Civil::utc(context.now.unix).date_time();
    let rows = [
        ("hostname", Value::Text(context.hostname)),
        ("time", Value::Text(time.as_bytes())),
        ("channels", Value::Number(overview.channels)),
        ("wildcard_channels", Value::Number(overview.wildcard_channels)),
        ("uptime", Value::Number(overview.uptime)),
    ];
    match writer.syntax {
        Syntax::Plain => {
            // Only here plain text has several values in a line.
            for row in rows {
                writer.rows("", &[row]);
                writer.put(", ");
            }
            writer.put("infos: \r\n");
        }
        Syntax::Json => {
            writer.put("{");
            writer.rows("", &rows);
            writer.put(", \"infos\": [\r\n");
        }
        Syntax::Yaml => {
            writer.rows("", &rows);
            writer.put("infos: \r\n");
        }
        Syntax::Xml => {
            writer.xml_declaration();
            writer.put("<root>\r\n");
            writer.rows("", &rows);
            writer.put("  <infos>\r\n");
        }
    }
}

fn write_items(writer: &mut Writer, infos: &[Info<'_>]) {
    let lines = matches!(writer.syntax, Syntax::Plain | Syntax::Yaml);
    if infos.is_empty() && lines {
        writer.put("\r\n");
    }
    let separated = matches!(writer.syntax, Syntax::Plain | Syntax::Json);
    for (index, info) in infos.iter().enumerate() {
        if writer.syntax == Syntax::Yaml {
            writer.put(" -\r\n");
        }
        info.write(writer);
        if separated {
            writer.put(if index + 1 < infos.len() { ",\r\n" } else { "\r\n" });
        }
    }
}
