//! Whoever presses the service neither fills its memory nor keeps it from answering others.

use crate::city::City;
use crate::press::{Presser, Pressure, memory};
use crate::vocabulary::question;
use throughline::server::peer::Role;
use tokio::sync::watch;

/// Questions that are answered beside each pressure.
const QUESTIONS: usize = 25;

/// A process that tests share has a thousand or so.
const SOCKETS: usize = 200;

/// What the service may grow by, in KiB.
const GROWS_AT_MOST: u64 = 64 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_are_answered_beside_any_pressure_and_memory_has_a_bound() {
    let city = City::published().await;
    let partner = city.partner().await;
    partner.query(question()).await.expect("an agreement covers it");
    for pressure in Pressure::ALL {
        let presser = Presser {
            address: city.address().to_owned(),
            session: city.session("northfield", Role::Contributor).await,
            n_sockets: SOCKETS,
            folder: city.folder().to_owned(),
            config: "service/throughline.toml",
        };
        let before = memory(city.process());
        let (end, ended) = watch::channel(false);
        let pressing = tokio::spawn(presser.press(pressure, ended));
        let mut most = before;
        for _ in 0..QUESTIONS {
            let (table, _) = partner.query(question()).await.expect("an agreement covers it");
            assert!(!table.cells().is_empty());
            most = most.max(memory(city.process()));
        }
        end.send_replace(true);
        let n_pressed = pressing.await.expect("it presses");
        most = most.max(memory(city.process()));
        assert!(n_pressed > 0 || matches!(pressure, Pressure::Nothing), "{}", pressure.name());
        assert!(most - before <= GROWS_AT_MOST, "{}: {} KiB", pressure.name(), most - before);
    }
}
