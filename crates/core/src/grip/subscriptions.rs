//! What a held connection is subscribed to, and what of a message it gets.

use std::borrow::Cow;

use super::content::Content;
use super::filters::Filters;

/// Names and values: of a subscriber (`Grip-Set-Meta`) or of an item (`meta`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meta(pub Vec<(Box<str>, Box<str>)>);

impl Meta {
    /// The value of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| **key == *name).map(|(_, value)| &**value)
    }

    /// Gives `name` a value; an empty one takes it away.
    pub fn set(&mut self, name: &str, value: &str) {
        self.0.retain(|(key, _)| **key != *name);
        if !value.is_empty() {
            self.0.push((name.into(), value.into()));
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|(key, value)| key.len() + value.len() + 32).sum()
    }
}

/// A channel that a held connection is subscribed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The channel's name.
    pub channel: Box<[u8]>,
    /// `prev-id`: the id of the last item that it has got, as far as that is known.
    pub last_id: Option<Box<str>>,
    /// Its filters.
    pub filters: Filters,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscriptions {
    /// One per channel.
    pub list: Vec<Subscription>,
    /// What filters know of the subscriber.
    pub meta: Meta,
}

impl Subscriptions {
    /// Whether the subscriber is to get a message of `channel`; moves the channel's last id.
    ///
    /// An item whose id is the last one comes for the second time and is passed over.
    pub fn takes(&mut self, channel: &[u8], content: Option<&Content>) -> bool {
        let Some(mine) = self.list.iter_mut().find(|mine| *mine.channel == *channel) else {
            return false;
        };
        let Some(content) = content else { return true };
        if let Some(id) = &content.id {
            if mine.last_id.as_ref() == Some(id) {
                return false;
            }
            mine.last_id = Some(id.clone());
        }
        let filters = mine.filters;
        self.passes(filters, content)
    }

    /// Whether filters let an item through to the subscriber.
    #[must_use]
    pub fn passes(&self, filters: Filters, content: &Content) -> bool {
        let user = self.meta.get("user");
        if filters.skip_self && user.is_some() && user == content.meta.get("sender") {
            return false;
        }
        let skipped = |users: &str| users.split(',').any(|name| Some(name.trim()) == user);
        if filters.skip_users && content.meta.get("skip_users").is_some_and(skipped) {
            return false;
        }
        let lacks = |name: &str| !self.list.iter().any(|s| *s.channel == *name.as_bytes());
        !(filters.require_sub && content.meta.get("require_sub").is_some_and(lacks))
    }

    /// A content as filters change it for the subscriber.
    #[must_use]
    pub fn rendered<'a>(&self, content: &'a [u8], filters: Filters) -> Cow<'a, [u8]> {
        if !filters.build_id && !filters.var_subst {
            return Cow::Borrowed(content);
        }
        let mut out = Vec::with_capacity(content.len());
        let mut rest = content;
        while let Some(at) = memchr::memchr(b'%', rest) {
            out.extend_from_slice(&rest[..at]);
            rest = &rest[at..];
            let used = self.expand(rest, filters, &mut out);
            rest = &rest[used..];
        }
        out.extend_from_slice(rest);
        Cow::Owned(out)
    }

    /// Appends what stands for the beginning of `rest`, which is a `%`; how many bytes that was.
    fn expand(&self, rest: &[u8], filters: Filters, out: &mut Vec<u8>) -> usize {
        match rest.get(1) {
            Some(b'%') => {
                out.push(b'%');
                2
            }
            Some(b'I') if filters.build_id => {
                out.extend_from_slice(&self.id());
                2
            }
            Some(b'(') if filters.var_subst => {
                let Some((name, used)) = placeholder(rest) else {
                    out.push(b'%');
                    return 1;
                };
                out.extend_from_slice(self.meta.get(name).unwrap_or_default().as_bytes());
                used
            }
            _ => {
                out.push(b'%');
                1
            }
        }
    }

    /// The id that `id_format` makes of the last ids; without one, nothing.
    fn id(&self) -> Vec<u8> {
        let format = self.meta.get("id_format").unwrap_or_default().as_bytes();
        let mut out = Vec::with_capacity(format.len());
        let mut rest = format;
        while let Some(at) = memchr::memchr(b'%', rest) {
            out.extend_from_slice(&rest[..at]);
            rest = &rest[at..];
            let used = match (rest.get(1), placeholder(rest)) {
                (_, Some((channel, used))) => {
                    out.extend_from_slice(self.last_id(channel).as_bytes());
                    used
                }
                (Some(b'%'), None) => {
                    out.push(b'%');
                    2
                }
                (_, None) => {
                    out.push(b'%');
                    1
                }
            };
            rest = &rest[used..];
        }
        out.extend_from_slice(rest);
        if self.meta.get("id_encoding") == Some("hex") {
            return out.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
        }
        out
    }

    fn last_id(&self, channel: &str) -> &str {
        let mine = self.list.iter().find(|mine| *mine.channel == *channel.as_bytes());
        mine.and_then(|mine| mine.last_id.as_deref()).unwrap_or_default()
    }
}

/// The name in a `%(NAME)s` that `rest` begins with, and the length of the whole.
fn placeholder(rest: &[u8]) -> Option<(&str, usize)> {
    let rest = rest.strip_prefix(b"%(")?;
    let end = memchr::memmem::find(rest, b")s")?;
    Some((str::from_utf8(&rest[..end]).ok()?, end + 4))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn subscriber(meta: &[(&str, &str)], channels: &[(&str, &str, &str)]) -> Subscriptions {
        let list = channels.iter().map(|(channel, last_id, filters)| {
            let mut mine = Filters::default();
            filters.split_whitespace().for_each(|name| assert!(mine.add(name), "{name}"));
            let last_id = (!last_id.is_empty()).then(|| Box::from(*last_id));
            Subscription { channel: channel.as_bytes().into(), last_id, filters: mine }
        });
        let meta = meta.iter().map(|(key, value)| (Box::from(*key), Box::from(*value)));
        Subscriptions { list: list.collect(), meta: Meta(meta.collect()) }
    }

    fn content(id: &str, meta: &[(&str, &str)]) -> Content {
        let pairs = meta.iter().map(|(key, value)| (Box::from(*key), Box::from(*value)));
        let id = (!id.is_empty()).then(|| Box::from(id));
        Content { id, meta: Meta(pairs.collect()), ..Content::default() }
    }

    #[test]
    fn only_what_is_subscribed_and_only_once() {
        let mut mine = subscriber(&[], &[("a", "1", "")]);
        assert!(!mine.takes(b"b", None));
        assert!(mine.takes(b"a", None));
        assert!(!mine.takes(b"a", Some(&content("1", &[]))));
        assert!(mine.takes(b"a", Some(&content("2", &[]))));
        assert!(!mine.takes(b"a", Some(&content("2", &[]))));
        assert_eq!(mine.list[0].last_id.as_deref(), Some("2"));
    }

    #[test]
    fn filters_keep_messages_back() {
        let check = |filters: &str, user: &str, meta: &[(&str, &str)], expected: bool| {
            let mut mine = subscriber(&[("user", user)], &[("a", "", filters), ("b", "", "")]);
            assert_eq!(mine.takes(b"a", Some(&content("", meta))), expected, "{filters} {meta:?}");
        };
        check("skip-self", "u", &[("sender", "u")], false);
        check("skip-self", "u", &[("sender", "v")], true);
        check("skip-self", "", &[], true);
        check("", "u", &[("sender", "u")], true);
        check("skip-users", "u", &[("skip_users", "v, u")], false);
        check("skip-users", "u", &[("skip_users", "v,uu")], true);
        check("require-sub", "u", &[("require_sub", "b")], true);
        check("require-sub", "u", &[("require_sub", "c")], false);
        check("require-sub", "u", &[], true);
    }

    #[test]
    fn ids_are_built_from_the_last_of_each_channel() {
        let meta = [("id_format", "a:%(a)s,b%%:%(b)s%"), ("user", "u")];
        let mine = subscriber(&meta, &[("a", "7", ""), ("b", "x", "")]);
        let check = |text: &str, names: &str, expected: &str| {
            let mut filters = Filters::default();
            names.split_whitespace().for_each(|name| assert!(filters.add(name)));
            let out = mine.rendered(text.as_bytes(), filters);
            assert_eq!(String::from_utf8_lossy(&out), expected, "{text}");
        };
        check("id: %I %%I %d %", "build-id", "id: a:7,b%:x% %I %d %");
        check("%(user)s %(nobody)s %I %(", "var-subst", "u  %I %(");
        check("%I %%", "", "%I %%");
        let hex = subscriber(&[("id_format", "%(a)s"), ("id_encoding", "hex")], &[("a", "7z", "")]);
        let filters = Filters { build_id: true, ..Filters::default() };
        assert_eq!(&*hex.rendered(b"%I", filters), b"377a");
    }

    proptest! {
        #[test]
        fn any_content_and_format_pass(text: Vec<u8>, format: String, build_id: bool) {
            let mine = subscriber(&[("id_format", &format)], &[("a", "1", "")]);
            let filters = Filters { build_id, var_subst: true, ..Filters::default() };
            let out = mine.rendered(&text, filters);
            if !text.contains(&b'%') {
                prop_assert_eq!(&*out, &text[..]);
            }
        }
    }
}
