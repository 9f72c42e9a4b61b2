//! `auth_jwt`, and what a token says about channels.

use std::sync::Arc;

use outpour_core::access::jwt::{Keys, KeysError, Token, TokenError};
use outpour_core::answer::Answer;
use outpour_core::relay::Action;
use outpour_core::settings::{
    ChannelsClaim, Guard, JwtAuth, Level, RelayTransport, Role, SubscriberMode,
};

use super::access::Check;
use super::inside::Step;
use super::{Exchange, Means};

impl Exchange {
    /// `auth_jwt`
    pub(super) fn by_token(&mut self, guard: &Guard, means: &Means<'_>) -> Check {
        let Some(jwt) = &guard.jwt else { return Check::Nothing };
        let scope = self.scope(means.environment, self.started, None);
        let realm = jwt.realm.evaluate(&scope).into_owned();
        let text = match &jwt.token {
            Some(token) => Some(token.evaluate(&scope).into_owned()),
            None => self.request.header("authorization").and_then(bearer).map(<[u8]>::to_vec),
        };
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            self.tell(Level::Info, "no JWT was provided".to_owned());
            return self.challenge_bearer(&realm, "");
        };
        let files = match self.keys(jwt, means) {
            Ok(files) => files,
            Err(check) => return check,
        };
        let requested = match jwt.key_request.as_ref().map(|asked| self.requested(asked, means)) {
            Some(Err(check)) => return check,
            Some(Ok(keys)) => Some(keys),
            None => None,
        };
        let keys: Vec<&Keys> = files
            .iter()
            .filter_map(|file| file.as_ref().as_ref().ok())
            .chain(requested.as_deref())
            .collect();
        let token = Token::verify(&text, &keys).and_then(|token| {
            token.check_time(means.now.unix, jwt.leeway)?;
            Ok(token)
        });
        match token {
            Ok(token) => {
                self.state.token = Some(Arc::new(token));
                self.required(jwt, &realm, means)
            }
            Err(error) => {
                let level = if error == TokenError::Signature { Level::Error } else { Level::Info };
                self.tell(level, format!("JWT: {error}"));
                self.challenge_bearer(&realm, ", error=\"invalid_token\"")
            }
        }
    }

    /// `auth_jwt_require`
    fn required(&mut self, jwt: &JwtAuth, realm: &[u8], means: &Means<'_>) -> Check {
        let scope = self.scope(means.environment, self.started, None);
        let lacks = jwt.require.iter().find(|required| {
            let mut values = required.values.iter().map(|value| value.evaluate(&scope));
            values.any(|value| matches!(&*value, b"" | b"0"))
        });
        match lacks.map(|required| required.status) {
            None => Check::Pass,
            Some(403) => Check::Refuse(403),
            Some(_) => self.challenge_bearer(realm, ", error=\"invalid_token\""),
        }
    }

    fn challenge_bearer(&mut self, realm: &[u8], error: &str) -> Check {
        self.challenge = Some([b"Bearer realm=\"", realm, b"\"", error.as_bytes()].concat().into());
        Check::Refuse(401)
    }

    fn keys(&self, jwt: &JwtAuth, means: &Means<'_>) -> Result<Vec<KeyFile>, Check> {
        let mut files = Vec::with_capacity(jwt.key_files.len());
        for path in &jwt.key_files {
            let why = match means.access.keys.get(path, means.now.tick) {
                Ok(file) => match &*file {
                    Ok(_) => {
                        files.push(file);
                        continue;
                    }
                    Err(error) => error.to_string(),
                },
                Err(error) => crate::os_error::describe(&error),
            };
            self.tell(Level::Error, format!("JWT keys \"{}\": {why}", path.display()));
            return Err(Check::Fail(500));
        }
        Ok(files)
    }

    /// The claims that a request to a relay location needs.
    fn relay_claims<'c>(&self, claims: &'c ChannelsClaim) -> [&'c str; 2] {
        let Some(relay) = &self.settings.push.relay else { return [&claims.subscribe, ""] };
        match self.relay_action(relay) {
            Action::Publish | Action::Inform | Action::Delete | Action::PublishFrames => {
                [&claims.publish, ""]
            }
            Action::Subscribe(RelayTransport::WebSocket) if relay.publishers.websocket => {
                [&claims.subscribe, &claims.publish]
            }
            Action::Subscribe(_) | Action::Options | Action::Nothing => [&claims.subscribe, ""],
        }
    }

    /// `push_stream_authorized_channels_claim`: the refusal, if the request names a channel that
    /// its token does not.
    pub(super) fn by_channels(&self, claims: &ChannelsClaim, means: &Means<'_>) -> Option<Step> {
        let push = &self.settings.push;
        let names = match push.role {
            Role::Publisher(_) => [&claims.publish, ""],
            Role::Subscriber(SubscriberMode::WebSocket) if push.websocket_allow_publish => {
                [&claims.subscribe, &*claims.publish]
            }
            Role::Relay(_) => self.relay_claims(claims),
            Role::Subscriber(_) | Role::Statistics => [&claims.subscribe, ""],
            Role::Service(_) | Role::Application | Role::None => return None,
        };
        let entries = self.entries(means.environment);
        let token = self.state.token.as_deref();
        let allows = |name: &str| {
            let may = |id: &[u8]| token.is_some_and(|token| token.allows(name, id));
            // Statistics without a channel are about all of them.
            if entries.is_empty() {
                may(b"ALL")
            } else {
                entries.iter().all(|entry| may(&entry.id))
            }
        };
        if names.into_iter().filter(|name| !name.is_empty()).all(allows) {
            return None;
        }
        self.tell(Level::Error, "push stream module: the token does not name this channel".into());
        Some(Step::answer(Answer::refusal(403, "The token does not name this channel.")))
    }
}

/// A key file as it was understood.
type KeyFile = Arc<Result<Keys, KeysError>>;

/// The token of an `Authorization: Bearer` header.
fn bearer(header: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = header.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}
