//! Locations that tell of the server itself: metrics, health, `stub_status`; and `empty_gif`.

use outpour_core::answer::Answer;
use outpour_core::channels::Figures;
use outpour_core::request::Method;
use outpour_core::settings::Service;

use super::Exchange;
use crate::metrics::{Exposition, Snapshot, nchan_status, render, stub_status};
use crate::pages;
use crate::shared::Shared;

/// A transparent picture of one pixel, byte for byte that of nginx.
const PIXEL: [u8; 43] = *b"GIF89a\x01\x00\x01\x00\x80\x01\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\
    \x00\x00\x01\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02L\x01\x00;";

/// What nginx says its pixel's age is.
const PIXEL_DATE: &[u8] = b"Mon, 28 Sep 1970 06:00:00 GMT";

impl Exchange {
    /// The answer of a location without channels. `figures` are read under the store's lock.
    pub(crate) fn service(
        &self,
        service: Service,
        shared: &Shared,
        figures: impl FnOnce() -> Figures,
    ) -> Answer {
        if !matches!(self.request.method, Method::Get | Method::Head) {
            return Answer::page(405);
        }
        let plain = &b"text/plain"[..];
        match service {
            Service::Metrics => {
                let exposition = Exposition::from_accept(self.request.header("accept"));
                let text = render(&Snapshot::take(shared, figures()), exposition);
                let content_type = exposition.content_type().as_bytes();
                Answer::new(200).body(content_type, text.into_bytes()).uncached()
            }
            Service::StubStatus => {
                let text = stub_status(&Snapshot::take(shared, Figures::default()));
                Answer::new(200).body(plain, text.into_bytes())
            }
            Service::NchanStatus => {
                Answer::new(200).body(plain, nchan_status(&figures()).into_bytes())
            }
            Service::GripPublisher => Answer::page(405),
            Service::Live => Answer::new(200).body(plain, b"ok\n".to_vec()).uncached(),
            Service::Ready if shared.is_ready() => {
                Answer::new(200).body(plain, b"ready\n".to_vec()).uncached()
            }
            Service::Ready => Answer::new(503).body(plain, b"not ready\n".to_vec()).uncached(),
            Service::Playground => pages::PLAYGROUND.answer(),
            Service::Dashboard(mode) => pages::dashboard(mode).answer(),
            Service::EmptyGif => Answer::new(200)
                .body(&b"image/gif"[..], PIXEL.to_vec())
                .with("Last-Modified", PIXEL_DATE),
        }
    }
}
