//! Filters: which messages a subscriber does not get, and what becomes of the others for it.

/// Filters of a subscription or a content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the protocol")]
pub struct Filters {
    /// `skip-self`: not to whose meta `user` is the message's meta `sender`.
    pub skip_self: bool,
    /// `skip-users`: not to those whose meta `user` is in the message's meta `skip_users`.
    pub skip_users: bool,
    /// `require-sub`: only to those who subscribe the message's meta `require_sub`, too.
    pub require_sub: bool,
    /// `build-id`: `%I` in the content becomes an id made by the meta `id_format`.
    pub build_id: bool,
    /// `var-subst`: `%(KEY)s` in the content becomes the meta of that name.
    pub var_subst: bool,
}

impl Filters {
    /// Adds the filter of that name; false if there is none.
    pub fn add(&mut self, name: &str) -> bool {
        match name {
            "skip-self" => self.skip_self = true,
            "skip-users" => self.skip_users = true,
            "require-sub" => self.require_sub = true,
            "build-id" => self.build_id = true,
            "var-subst" => self.var_subst = true,
            _ => return false,
        }
        true
    }

    /// Those of either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            skip_self: self.skip_self || other.skip_self,
            skip_users: self.skip_users || other.skip_users,
            require_sub: self.require_sub || other.require_sub,
            build_id: self.build_id || other.build_id,
            var_subst: self.var_subst || other.var_subst,
        }
    }
}
