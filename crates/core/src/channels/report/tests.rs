//! The literal samples of nginx-push-stream-module; `\n` in them stands for CR LF.

use super::*;
use crate::now::Tick;

const PLAIN: ReportFormat = ReportFormat::Plain;
const JSON: ReportFormat = ReportFormat::Json;
const YAML: ReportFormat = ReportFormat::Yaml;
const XML: ReportFormat = ReportFormat::Xml;

/// Sat, 07 May 2016 12:02:34 GMT.
const CONTEXT: ReportContext<'_> = ReportContext {
    hostname: b"host1",
    pid: 21_117,
    now: Now { unix: 1_462_622_554, unix_millis: 999, tick: Tick(0), micros: 0 },
};

fn check(found: &[u8], expected: &str) {
    assert_eq!(String::from_utf8_lossy(found), expected.replace('\n', "\r\n"));
}

fn info(id: &[u8]) -> Info<'_> {
    Info { id, published_messages: 1, stored_messages: 1, subscribers: 0 }
}

fn check_group(ids: &[&[u8]], format: ReportFormat, expected: &str) {
    let infos: Vec<_> = ids.iter().map(|id| info(id)).collect();
    let channels = 2;
    let overview = Overview { channels, wildcard_channels: 0, uptime: 42 };
    check(&group(&infos, &overview, format, &CONTEXT), expected);
}

fn check_summary(pids: &[u32], format: ReportFormat, expected: &str) {
    let row = |pid: &u32| WorkerRow { pid: *pid, subscribers: 0, uptime: 42 };
    let numbers = Summary {
        channels: 2,
        wildcard_channels: 0,
        published_messages: 2,
        stored_messages: 2,
        messages_in_trash: 0,
        channels_in_delete: 0,
        channels_in_trash: 0,
        subscribers: 0,
        uptime: 42,
        by_worker: pids.iter().map(row).collect(),
    };
    check(&summary(&numbers, format, &CONTEXT), expected);
}

#[test]
fn one_channel() {
    check(
        &item(&info(b"a"), PLAIN),
        r#"channel: a
published_messages: 1
stored_messages: 1
active_subscribers: 0
"#,
    );
    check(
        &item(&info(b"a"), JSON),
        r#"{"channel": "a", "published_messages": 1, "stored_messages": 1, "subscribers": 0}
"#,
    );
    check(
        &item(&info(b"a"), YAML),
        r#"  channel: a
  published_messages: 1
  stored_messages: 1
  subscribers: 0
"#,
    );
    check(
        &item(&info(b"a"), XML),
        r#"<?xml version="1.0" encoding="UTF-8" ?>
<channel>
  <name>a</name>
  <published_messages>1</published_messages>
  <stored_messages>1</stored_messages>
  <subscribers>0</subscribers>
</channel>

"#,
    );
}

#[test]
fn several_channels() {
    let ids: [&[u8]; 2] = [b"a", b"b"];
    check_group(
        &ids,
        PLAIN,
        r#"hostname: host1, time: 2016-05-07T12:02:34, channels: 2, wildcard_channels: 0, uptime: 42, infos: 
channel: a
published_messages: 1
stored_messages: 1
active_subscribers: 0,
channel: b
published_messages: 1
stored_messages: 1
active_subscribers: 0
"#,
    );
    check_group(
        &ids,
        JSON,
        r#"{"hostname": "host1", "time": "2016-05-07T12:02:34", "channels": 2, "wildcard_channels": 0, "uptime": 42, "infos": [
{"channel": "a", "published_messages": 1, "stored_messages": 1, "subscribers": 0},
{"channel": "b", "published_messages": 1, "stored_messages": 1, "subscribers": 0}
]}
"#,
    );
    check_group(
        &ids,
        YAML,
        r#"hostname: host1
time: 2016-05-07T12:02:34
channels: 2
wildcard_channels: 0
uptime: 42
infos: 
 -
  channel: a
  published_messages: 1
  stored_messages: 1
  subscribers: 0
 -
  channel: b
  published_messages: 1
  stored_messages: 1
  subscribers: 0
"#,
    );
    check_group(
        &ids,
        XML,
        r#"<?xml version="1.0" encoding="UTF-8" ?>
<root>
  <hostname>host1</hostname>
  <time>2016-05-07T12:02:34</time>
  <channels>2</channels>
  <wildcard_channels>0</wildcard_channels>
  <uptime>42</uptime>
  <infos>
<channel>
  <name>a</name>
  <published_messages>1</published_messages>
  <stored_messages>1</stored_messages>
  <subscribers>0</subscribers>
</channel>
<channel>
  <name>b</name>
  <published_messages>1</published_messages>
  <stored_messages>1</stored_messages>
  <subscribers>0</subscribers>
</channel>
  </infos>
</root>
"#,
    );
}

#[test]
fn no_channel() {
    check_group(
        &[],
        PLAIN,
        r#"hostname: host1, time: 2016-05-07T12:02:34, channels: 2, wildcard_channels: 0, uptime: 42, infos: 

"#,
    );
    check_group(
        &[],
        JSON,
        r#"{"hostname": "host1", "time": "2016-05-07T12:02:34", "channels": 2, "wildcard_channels": 0, "uptime": 42, "infos": [
]}
"#,
    );
    check_group(
        &[],
        YAML,
        r#"hostname: host1
time: 2016-05-07T12:02:34
channels: 2
wildcard_channels: 0
uptime: 42
infos: 

"#,
    );
    check_group(
        &[],
        XML,
        r#"<?xml version="1.0" encoding="UTF-8" ?>
<root>
  <hostname>host1</hostname>
  <time>2016-05-07T12:02:34</time>
  <channels>2</channels>
  <wildcard_channels>0</wildcard_channels>
  <uptime>42</uptime>
  <infos>
  </infos>
</root>
"#,
    );
}

#[test]
fn a_group_of_one_has_no_comma() {
    let found = group(
        &[info(b"a")],
        &Overview { channels: 1, wildcard_channels: 0, uptime: 0 },
        PLAIN,
        &CONTEXT,
    );
    assert!(found.ends_with(b"active_subscribers: 0\r\n"));
}

#[test]
fn the_server() {
    let pids = [21_117, 21_118];
    check_summary(
        &pids,
        PLAIN,
        r#"hostname: host1
time: 2016-05-07T12:02:34
channels: 2
wildcard_channels: 0
published_messages: 2
stored_messages: 2
messages_in_trash: 0
channels_in_delete: 0
channels_in_trash: 0
subscribers: 0
uptime: 42
by_worker:
  pid: 21117
  subscribers: 0
  uptime: 42,
  pid: 21118
  subscribers: 0
  uptime: 42
"#,
    );
    check_summary(
        &pids,
        JSON,
        r#"{"hostname": "host1", "time": "2016-05-07T12:02:34", "channels": 2, "wildcard_channels": 0, "published_messages": 2, "stored_messages": 2, "messages_in_trash": 0, "channels_in_delete": 0, "channels_in_trash": 0, "subscribers": 0, "uptime": 42, "by_worker": [
{"pid": "21117", "subscribers": 0, "uptime": 42},
{"pid": "21118", "subscribers": 0, "uptime": 42}
]}
"#,
    );
    check_summary(
        &pids,
        YAML,
        r#"  hostname: host1
  time: 2016-05-07T12:02:34
  channels: 2
  wildcard_channels: 0
  published_messages: 2
  stored_messages: 2
  messages_in_trash: 0
  channels_in_delete: 0
  channels_in_trash: 0
  subscribers: 0
  uptime: 42
  by_worker:
   -
    pid: 21117
    subscribers: 0
    uptime: 42
   -
    pid: 21118
    subscribers: 0
    uptime: 42
"#,
    );
    check_summary(
        &pids,
        XML,
        r#"<?xml version="1.0" encoding="UTF-8" ?>
<infos>
  <hostname>host1</hostname>
  <time>2016-05-07T12:02:34</time>
  <channels>2</channels>
  <wildcard_channels>0</wildcard_channels>
  <published_messages>2</published_messages>
  <stored_messages>2</stored_messages>
  <messages_in_trash>0</messages_in_trash>
  <channels_in_delete>0</channels_in_delete>
  <channels_in_trash>0</channels_in_trash>
  <subscribers>0</subscribers>
  <uptime>42</uptime>
  <by_worker><worker>
  <pid>21117</pid>
  <subscribers>0</subscribers>
  <uptime>42</uptime>
</worker>
<worker>
  <pid>21118</pid>
  <subscribers>0</subscribers>
  <uptime>42</uptime>
</worker>
</by_worker>
</infos>
"#,
    );
}

#[test]
fn other_names_of_json_and_yaml() {
    let info = info(b"a");
    assert_eq!(item(&info, ReportFormat::XJson), item(&info, JSON));
    assert_eq!(item(&info, ReportFormat::XYaml), item(&info, YAML));
}

#[test]
fn odd_ids_do_not_break_the_report() {
    let found = item(&info(b"a\"\r\n\xff"), JSON);
    assert!(found.starts_with(b"{\"channel\": \"a\\\"\\u000d\\u000a\xff\", "));
    let found = item(&info(b"</name>"), XML);
    assert!(found.windows(21).any(|part| part == b"<name>&lt;/name></nam"));
}
