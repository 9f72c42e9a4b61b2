//! The report on the server as a whole.

use super::format::Syntax;
use super::writer::{Value, Writer};
use super::{ReportContext, ReportFormat};
use crate::civil::Civil;

/// What the summary tells, beside name and time.
#[derive(Clone, Debug)]
pub(in crate::channels) struct Summary {
    pub(in crate::channels) channels: u64,
    pub(in crate::channels) wildcard_channels: u64,
    pub(in crate::channels) published_messages: u64,
    pub(in crate::channels) stored_messages: u64,
    pub(in crate::channels) messages_in_trash: u64,
    pub(in crate::channels) channels_in_delete: u64,
    pub(in crate::channels) channels_in_trash: u64,
    pub(in crate::channels) subscribers: u64,
    /// Seconds.
    pub(in crate::channels) uptime: u64,
    pub(in crate::channels) by_worker: Vec<WorkerRow>,
}

/// What the summary tells about a worker.
#[derive(Clone, Copy, Debug)]
pub(in crate::channels) struct WorkerRow {
    pub(in crate::channels) pid: u32,
    pub(in crate::channels) subscribers: u64,
    /// Seconds.
    pub(in crate::channels) uptime: u64,
}

/// The report on the server as a whole.
pub(in crate::channels) fn summary(
    summary: &Summary,
    format: ReportFormat,
    context: &ReportContext<'_>,
) -> Vec<u8> {
    let capacity = 800 + context.hostname.len() + 100 * summary.by_worker.len();
    let mut writer = Writer::new(format.syntax(), capacity);
    match writer.syntax {
        Syntax::Plain | Syntax::Yaml => {}
        Syntax::Json => writer.put("{"),
        Syntax::Xml => {
            writer.xml_declaration();
            writer.put("<infos>\r\n");
        }
    }
    summary.write_rows(&mut writer, context);
    writer.put(match writer.syntax {
        Syntax::Plain => "\r\nby_worker:\r\n",
        Syntax::Json => ", \"by_worker\": [\r\n",
        Syntax::Yaml => "  by_worker:\r\n",
        Syntax::Xml => "  <by_worker>",
    });
    summary.write_workers(&mut writer);
    writer.put(match writer.syntax {
        Syntax::Plain | Syntax::Yaml => "",
        Syntax::Json => "]}\r\n",
        Syntax::Xml => "</by_worker>\r\n</infos>\r\n",
    });
    writer.finish()
}

impl Summary {
    fn write_rows(&self, writer: &mut Writer, context: &ReportContext<'_>) {
        let time = Civil::utc(context.now.unix).date_time();
        let rows = [
            ("hostname", Value::Text(context.hostname)),
            ("time", Value::Text(time.as_bytes())),
            ("channels", Value::Number(self.channels)),
            ("wildcard_channels", Value::Number(self.wildcard_channels)),
            ("published_messages", Value::Number(self.published_messages)),
            ("stored_messages", Value::Number(self.stored_messages)),
            ("messages_in_trash", Value::Number(self.messages_in_trash)),
            ("channels_in_delete", Value::Number(self.channels_in_delete)),
            ("channels_in_trash", Value::Number(self.channels_in_trash)),
            ("subscribers", Value::Number(self.subscribers)),
            ("uptime", Value::Number(self.uptime)),
        ];
        writer.rows(if writer.syntax == Syntax::Plain { "" } else { "  " }, &rows);
    }

    fn write_workers(&self, writer: &mut Writer) {
        let separated = matches!(writer.syntax, Syntax::Plain | Syntax::Json);
        for (index, worker) in self.by_worker.iter().enumerate() {
            worker.write(writer);
            if separated {
                let last = index + 1 == self.by_worker.len();
                writer.put(if last { "\r\n" } else { ",\r\n" });
            }
        }
    }
}

impl WorkerRow {
    /// Writes the row; plain text and JSON leave its last line open.
    fn write(self, writer: &mut Writer) {
        let rows = [
            ("pid", Value::Quoted(u64::from(self.pid))),
            ("subscribers", Value::Number(self.subscribers)),
            ("uptime", Value::Number(self.uptime)),
        ];
        let (before, indent, after) = match writer.syntax {
            Syntax::Plain => ("", "  ", ""),
            Syntax::Json => ("{", "", "}"),
            Syntax::Yaml => ("   -\r\n", "    ", ""),
            Syntax::Xml => ("<worker>\r\n", "  ", "</worker>\r\n"),
        };
        writer.put(before);
        writer.rows(indent, &rows);
        writer.put(after);
    }
}
