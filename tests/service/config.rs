//! `throughline config`: what is said of a configuration, and with which exit code.

use crate::city::{City, Setup};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

/// The state of each part, and the exit code.
fn told(city: &City) -> (Vec<(String, String)>, Option<i32>) {
    let done = city.program().args(["config", "service/throughline.toml", "--json"]).output();
    let done = done.expect("the program runs");
    let json: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap_or_default();
    let text = |part: &serde_json::Value, key: &str| part[key].as_str().unwrap_or_default().to_owned();
    let parts = json["parts"].as_array().cloned().unwrap_or_default();
    (parts.iter().map(|part| (text(part, "part"), text(part, "state"))).collect(), done.status.code())
}

#[test]
fn what_is_wrong_is_told_before_the_service_is_started() {
    let mut city = City::start(Setup::default());
    city.kill();
    let of = |(parts, _): &(Vec<(String, String)>, Option<i32>), name: &str| {
        parts.iter().find(|(part, _)| part == name).map(|(_, state)| state.clone())
    };
    let at_first = told(&city);
    assert_eq!(at_first.1, Some(1), "something should be looked at");
    for (part, state) in &at_first.0 {
        // The certificates of the tests are good for a day, and there is no revocation list.
        let expected = if ["certificates", "revocation"].contains(&part.as_str()) { "look" } else { "good" };
        assert_eq!(state, expected, "{part}");
    }
    assert_eq!(at_first.0.len(), 12);

    let set = |name: &str, mode: u32| fs::set_permissions(city.file(name), Permissions::from_mode(mode));
    set("throughline.db", 0o644).expect("it is ours");
    assert_eq!(of(&told(&city), "database").as_deref(), Some("look"));
    set("throughline.db", 0o600).expect("it is ours");

    set("keys/log.key", 0o640).expect("it is ours");
    let exposed = told(&city);
    assert_eq!((of(&exposed, "log key").as_deref(), exposed.1), (Some("wrong"), Some(2)));
    set("keys/log.key", 0o600).expect("it is ours");

    let config = city.file("throughline.toml");
    let text = fs::read_to_string(&config).expect("init wrote it");
    fs::write(&config, text.replace("city.example", "City.example")).expect("written");
    let named = told(&city);
    assert_eq!((of(&named, "trust domain").as_deref(), named.1), (Some("wrong"), Some(2)));
    fs::write(&config, text).expect("written");
    let key = fs::read(city.file("keys/log.key")).expect("init wrote it");
    fs::write(city.file("keys/log.key"), "00".repeat(40)).expect("written");
    assert_eq!(of(&told(&city), "log key").as_deref(), Some("wrong"));
    fs::write(city.file("keys/log.key"), key).expect("written");

    let certificate = city.folder().join("certs/server.pem");
    let of_another = fs::read(city.folder().join("certs/northfield.contributor.pem")).expect("it is there");
    fs::write(certificate, of_another).expect("written");
    let foreign = told(&city);
    assert_eq!((of(&foreign, "certificates").as_deref(), foreign.1), (Some("wrong"), Some(2)));
}
