//! `user NAME [GROUP]`: what a server started as root becomes once its ports are bound.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use outpour_core::settings::Main;
use rustix::fs::{Gid, Uid};
use rustix::process::geteuid;
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

/// Whom to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    uid: u32,
    gid: u32,
    /// Supplementary groups, `gid` among them.
    groups: BTreeSet<u32>,
}

/// What `user` comes down to for this process.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// Whom to become; `None`: nobody else.
    pub(crate) identity: Option<Identity>,
    /// What to tell the operator.
    pub(crate) warning: Option<String>,
}

/// Looks the user and the groups up, if this process may become somebody else at all.
///
/// # Errors
/// A user or group that the machine does not have, in nginx's words.
pub(crate) fn resolve(main: &Main) -> Result<Resolved> {
    let Some((user, group)) = &main.user else {
        return Ok(Resolved { identity: None, warning: None });
    };
    if !geteuid().is_root() {
        let warning = "the \"user\" directive makes sense only if the master process runs with \
                       super-user privileges, ignored";
        return Ok(Resolved { identity: None, warning: Some(warning.into()) });
    }
    let passwd = fs::read_to_string("/etc/passwd").context("open() \"/etc/passwd\" failed")?;
    let groups = fs::read_to_string("/etc/group").context("open() \"/etc/group\" failed")?;
    let identity = look_up(user, group.as_deref(), &passwd, &groups)?;
    Ok(Resolved { identity: Some(identity), warning: None })
}

/// As in nginx the group defaults to the one that has the user's name; where there is none, to
/// the user's own group (nginx refuses to start there).
fn look_up(user: &str, group: Option<&str>, passwd: &str, groups: &str) -> Result<Identity> {
    let Some((uid, own_gid)) = find_user(user, passwd) else {
        bail!("getpwnam(\"{user}\") failed: there is no such user in /etc/passwd");
    };
    let gid = match (find_group(group.unwrap_or(user), groups), group) {
        (Some(gid), _) => gid,
        (None, None) => own_gid,
        (None, Some(group)) => {
            bail!("getgrnam(\"{group}\") failed: there is no such group in /etc/group")
        }
    };
    Ok(Identity { uid, gid, groups: groups_of(user, groups).chain([gid]).collect() })
}

/// Lines are `name:password:uid:gid:...`.
fn find_user(name: &str, passwd: &str) -> Option<(u32, u32)> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next() == Some(name);
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        found.then_some((uid, gid))
    })
}

/// Lines are `name:password:gid:member,member`.
fn find_group(name: &str, groups: &str) -> Option<u32> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok())?
    })
}

fn groups_of<'a>(user: &'a str, groups: &'a str) -> impl Iterator<Item = u32> + 'a {
    groups.lines().filter_map(move |line| {
        let mut fields = line.split(':').skip(2);
        let gid = fields.next()?.parse().ok()?;
        fields.next()?.split(',').any(|member| member.trim() == user).then_some(gid)
    })
}

impl Identity {
    /// Gives `path` to the user, so that the log can be opened anew and the pid file emptied
    /// later. A file that is not there, or not ours to give, stays as it is.
    pub(crate) fn own(&self, path: &Path) {
        let _ = rustix::fs::chown(path, Some(Uid::from_raw(self.uid)), None);
    }

    /// Becomes this user. Privileges belong to threads, and later threads inherit them: to be
    /// called on the main thread before there are others.
    ///
    /// # Errors
    /// The system refuses, in nginx's words.
    pub(crate) fn assume(&self) -> Result<()> {
        let groups: Vec<Gid> = self.groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        set_thread_groups(&groups).context("initgroups() failed")?;
        set_thread_res_gid(gid, gid, gid)
            .with_context(|| format!("setgid({}) failed", self.gid))?;
        set_thread_res_uid(uid, uid, uid).with_context(|| format!("setuid({}) failed", self.uid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
                          nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n\
                          nginx:x:101:102::/var/cache/nginx:/bin/false\n";
    const GROUPS: &str = "root:x:0:\nnogroup:x:65534:\nnginx:x:103:\nssl-cert:x:110:nginx,web\n\
                          adm:x:4:syslog\n";

    fn check(user: &str, group: Option<&str>, expected: (u32, u32, &[u32])) {
        let (uid, gid, groups) = expected;
        let groups = groups.iter().copied().collect();
        let identity = look_up(user, group, PASSWD, GROUPS).unwrap();
        assert_eq!(identity, Identity { uid, gid, groups });
    }

    #[test]
    fn users_and_groups_are_found() {
        check("nginx", None, (101, 103, &[103, 110]));
        check("nginx", Some("adm"), (101, 4, &[4, 110]));
        check("nobody", None, (65534, 65534, &[65534]));
    }

    #[test]
    fn missing_ones_are_named() {
        let check = |user, group, text: &str| {
            let error = look_up(user, group, PASSWD, GROUPS).unwrap_err().to_string();
            assert!(error.starts_with(text), "{error}");
        };
        check("ngin", None, "getpwnam(\"ngin\") failed");
        check("", None, "getpwnam(\"\") failed");
        check("nginx", Some("web"), "getgrnam(\"web\") failed");
    }
}
