//! Publishers that everybody may use, and dashboards that everybody may read: said once for each location.

use outpour_core::settings::{
    DashboardMode, Level, ListenAddress, Matcher, RelayRole, Role, Service, VerifyClient,
};

use crate::draft::{Block, Given};

use super::Lowering;

const READ: &str =
    "push stream module: everybody who reaches this server may read all channels here";
const PUBLISH: &str = "push stream module: everybody who reaches this server may publish here";
const HELP: &str = "add a check of access, such as `allow 127.0.0.1; deny all;` or auth_basic, or \
                    `allow all;` if that is meant; or listen on 127.0.0.1 only";

impl Lowering<'_> {
    /// Warns about a publisher or a dashboard of an exposed server that no rule protects, in a file that can
    /// start otherwise. The block has inherited.
    pub(super) fn check_exposure(&mut self, block: &Block) {
        if !self.exposed || self.report.failed() || is_protected(block) {
            return;
        }
        let Some(Given { value: role, at }) = block.push.role else { return };
        let publishes = matches!(
            role,
            Role::Publisher(_)
                | Role::Service(Service::GripPublisher | Service::Dashboard(DashboardMode::Admin))
                | Role::Relay(RelayRole::Publisher | RelayRole::PubSub)
        );
        let message = if publishes {
            PUBLISH
        } else if matches!(role, Role::Service(Service::Dashboard(_))) {
            READ
        } else {
            return;
        };
        self.report.say(Level::Warn, Some(at), message.to_owned(), Some(HELP.to_owned()));
    }
}

/// Whether others than this machine may reach a server, and need no certificate for it.
pub(super) fn is_exposed(server: &Block) -> bool {
    let local = |address: &ListenAddress| match address {
        ListenAddress::Tcp(address) => address.ip().to_canonical().is_loopback(),
        ListenAddress::Unix(_) => true,
    };
    let all_local = server.listens.iter().all(|listen| local(&listen.address));
    let exposed = server.listens.is_empty() || !all_local;
    exposed && server.tls.verify_client != Some(VerifyClient::On)
}

/// Whether anything asks who somebody is, or only the server itself comes here.
fn is_protected(block: &Block) -> bool {
    let (guard, files) = (&block.guard, &block.files);
    let asked = guard.realm.as_ref().is_some_and(Option::is_some) && guard.user_file.is_some()
        || guard.jwt.as_ref().is_some_and(Option::is_some)
        || guard.request.as_ref().is_some_and(Option::is_some)
        || block.hooks.authorize.as_ref().is_some_and(Option::is_some)
        || guard.channels.as_ref().is_some_and(|claims| !claims.publish.is_empty());
    let signed = files.secure_link.is_some()
        || files.secure_link_secret.is_some()
        || files.hmac_link.is_some();
    let inside = files.internal == Some(true) || matches!(block.matcher, Some(Matcher::Named(_)));
    guard.rules.is_some() || asked || signed || inside
}
