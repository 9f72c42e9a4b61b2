//! The directives in force, and where each was set.

use outpour_config::known;

use super::explanation::Setting;
use super::places::Chain;

/// Directives that count where they stand only: nothing inside inherits them.
const OWN: [&str; 5] = [
    "try_files",
    "push_stream_publisher",
    "push_stream_subscriber",
    "push_stream_channels_statistics",
    "proxy_pass",
];

/// Directives that stand in each other's place.
const TOGETHER: [&[&str]; 2] = [&["allow", "deny"], &["root", "alias"]];

/// What is in force at the end of `chain`; what nobody set comes last, with its default.
pub(crate) fn settings(chain: &Chain<'_>) -> Vec<Setting> {
    let mut set = Vec::new();
    let mut defaults = Vec::new();
    for directive in known() {
        let alone = [directive.name];
        let group = TOGETHER.into_iter().find(|group| group.contains(&directive.name));
        let group = group.unwrap_or(&alone);
        if group[0] != directive.name {
            continue;
        }
        let mut found = chain.said(group);
        if OWN.contains(&directive.name) {
            found.retain(|(block, _)| chain.owns(block, directive.name));
        }
        if found.is_empty() {
            defaults.push(Setting {
                directive: directive.name,
                value: directive.default.to_owned(),
                set_in: "default",
                at: None,
            });
        }
        set.extend(found.into_iter().map(|(block, said)| Setting {
            directive: said.directive,
            value: said.value.clone(),
            set_in: block.context,
            at: Some((&said.place).into()),
        }));
    }
    set.append(&mut defaults);
    set
}
