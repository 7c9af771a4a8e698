//! What breaks is said clearly, and costs nothing that was acknowledged.

use crate::city::{City, Setup};
use crate::records::roll;
use crate::vocabulary::is_unavailable;
use std::path::PathBuf;
use std::process::Command;
use throughline::client::channel;
use throughline::server::peer::Role;
use tonic::Streaming;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// Runs the service to an end that must come by itself, and says what it said.
fn refuses_to_start(city: &City) -> String {
    let done = city.serve_to_its_end();
    assert_eq!(done.status.code(), Some(2));
    assert!(done.stdout.is_empty(), "it never listened");
    String::from_utf8_lossy(&done.stderr).into_owned()
}

#[tokio::test]
async fn with_another_key_the_service_does_not_start() {
    let mut city = City::start(Setup::default());
    city.kill();
    let key = city.file("keys/service.key");
    let right = std::fs::read_to_string(&key).expect("init wrote it");
    std::fs::write(&key, "07".repeat(32)).expect("written");
    let said = refuses_to_start(&city);
    assert!(said.contains("the service key is not the one this database was made with"), "{said}");
    std::fs::write(&key, right).expect("written");
    city.restart();
}

#[tokio::test]
async fn with_another_log_key_the_service_does_not_start() {
    let mut city = City::open().await;
    city.kill();
    let other = City::start(Setup::default());
    std::fs::copy(other.file("keys/log.key"), city.file("keys/log.key")).expect("copied");
    let said = refuses_to_start(&city);
    assert!(said.contains("the access log does not verify"), "{said}");
}

#[tokio::test]
async fn a_missing_database_is_an_error_and_is_not_made() {
    let mut city = City::start(Setup::default());
    city.kill();
    for name in ["throughline.db", "throughline.db-wal", "throughline.db-shm"] {
        // After a kill there may be all of them or only the first.
        let _ = std::fs::remove_file(city.file(name));
    }
    let said = refuses_to_start(&city);
    assert!(said.contains("no throughline database at"), "{said}");
    assert!(!city.file("throughline.db").exists());
    std::fs::write(city.file("throughline.db"), "not a database").expect("written");
    let said = refuses_to_start(&city);
    assert!(said.contains("no throughline database at"), "{said}");
}

#[tokio::test]
async fn a_key_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let mut city = City::start(Setup::default());
    city.kill();
    for name in ["service.key", "linkage.key", "log.key"] {
        let key = city.file("keys").join(name);
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("set");
        let said = refuses_to_start(&city);
        assert!(said.contains("can be read by others"), "{name}: {said}");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("set");
    }
}

#[tokio::test]
async fn a_backup_made_in_the_middle_of_a_push_is_a_whole_service() {
    let mut city = City::open().await;
    let source = city.source("northfield").await;
    let mut pushing = source.open("nightly").await.expect("it may");
    for sequence in 1..=5 {
        pushing.batch(&format!("b-{sequence}"), sequence, batch(sequence)).await.expect("it may");
    }
    for sequence in 6..=20 {
        pushing.send(&format!("b-{sequence}"), sequence, batch(sequence)).await;
    }
    pushing.verdict().await.expect("it may");
    city.backup("backup.db");
    for _ in 7..=20 {
        pushing.verdict().await.expect("the backup holds up nobody");
    }
    city.kill();
    for name in ["throughline.db-wal", "throughline.db-shm"] {
        // What is not there need not go.
        let _ = std::fs::remove_file(city.file(name));
    }
    std::fs::copy(city.folder().join("backup.db"), city.file("throughline.db")).expect("copied");
    city.restart_restored();
    let source = city.source("northfield").await;
    let through = source.acknowledged_through("nightly").await;
    assert!((6..=20).contains(&through), "{through}");
    let mut pushing = source.open("nightly").await.expect("it may");
    for sequence in through + 1..=20 {
        pushing.batch(&format!("b-{sequence}"), sequence, batch(sequence)).await.expect("it may");
    }
    assert_eq!(city.steward().await.n_records().await, 20 * 40 * 3 + 1);
    city.export("exported");
    assert!(city.verifies("exported"));
}

/// Pushes until the service can not go on; the batches that were acknowledged.
async fn push_until_full(city: &City) -> u64 {
    let source = city.source("northfield").await;
    let mut pushing = source.open("nightly").await.expect("it may");
    for sequence in 1..=N_BATCHES {
        match pushing.batch(&format!("b-{sequence}"), sequence, batch(sequence)).await {
            Ok(verdict) => assert_eq!(verdict.sequence, sequence),
            Err(status) => {
                assert!(is_unavailable(&status), "{status}");
                return sequence - 1;
            }
        }
    }
    panic!("there was room for everything")
}

const N_BATCHES: u64 = 60;

fn batch(sequence: u64) -> Vec<throughline::api::v1::Record> {
    let first = sequence as usize * 40;
    roll(first..first + 40)
}

/// After a restart with room, everything acknowledged is there and the rest goes in.
async fn goes_on(city: &City, n_acknowledged: u64) {
    let source = city.source("northfield").await;
    let through = source.acknowledged_through("nightly").await;
    // A commit that failed may still be on the disk: one batch more at most, as they were sent one by one.
    assert!((n_acknowledged..=n_acknowledged + 1).contains(&through), "{n_acknowledged} and {through}");
    let mut pushing = source.open("nightly").await.expect("it may");
    for sequence in n_acknowledged + 1..=n_acknowledged + 5 {
        let verdict = pushing.batch(&format!("b-{sequence}"), sequence, batch(sequence)).await.expect("room");
        assert_eq!(verdict.repeated, sequence <= through);
    }
    let n_expected = (n_acknowledged + 5) * 40 * 3 + 1;
    assert_eq!(city.steward().await.n_records().await, n_expected);
    city.export("exported");
    assert!(city.verifies("exported"));
}

/// What the service says of its health, as it changes.
async fn health(city: &City) -> Streaming<HealthCheckResponse> {
    let channel = channel::connect(city.options("eastbrook", Role::Contributor)).await.expect("it may");
    let request = HealthCheckRequest { service: String::new() };
    HealthClient::new(channel).watch(request).await.expect("a watch").into_inner()
}

#[tokio::test]
async fn a_push_that_stays_open_does_not_keep_a_stopping_service() {
    let mut city = City::open().await;
    let idle = city.source("eastbrook").await;
    let mut pushing = idle.open("nightly").await.expect("it may");
    pushing.batch("one", 1, batch(1)).await.expect("it may");
    let mut health = health(&city).await;
    let mut next = async || health.message().await.expect("a watch").expect("a status").status;
    assert_eq!(next().await, ServingStatus::Serving as i32);
    city.terminate();
    assert_eq!(next().await, ServingStatus::NotServing as i32);
    assert_eq!(city.ended(), Some(0), "it was asked to end");
    city.restart();
    assert_eq!(city.source("eastbrook").await.acknowledged_through("nightly").await, 1);
}

#[tokio::test]
async fn a_file_that_can_not_grow_loses_nothing_acknowledged() {
    let mut city = City::open().await;
    // The limit is inherited and so is the ignored signal: a write past it fails as on a full disk.
    let mut serve = Command::new("sh");
    serve.args(["-c", "trap '' XFSZ; ulimit -f 1536; exec \"$@\"", "sh"]);
    let plain = city.serve();
    serve.arg(plain.get_program()).args(plain.get_args()).current_dir(city.folder()).env("RUST_LOG", "info");
    city.start_as(serve);
    let n_acknowledged = push_until_full(&city).await;
    assert!(n_acknowledged > 0, "there was room for something");
    assert_eq!(city.ended(), Some(2), "it stops by itself, for a restart to see what is on disk");
    city.restart();
    goes_on(&city, n_acknowledged).await;
}

/// A small file system of its own under the service's folder, where mounting is permitted.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(city: &City) -> Option<Self> {
        let (folder, aside) = (city.file(""), city.folder().join("aside"));
        std::fs::rename(&folder, &aside).expect("the service does not run");
        std::fs::create_dir(&folder).expect("a folder");
        let mount = ["-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs"];
        let done = Command::new("mount").args(mount).arg(&folder).output();
        let disk = done.is_ok_and(|done| done.status.success()).then(|| Self(folder.clone()));
        let moved =
            Command::new("sh").args(["-c", "cp -pR \"$1\"/. \"$2\"", "sh"]).args([&aside, &folder]).status();
        assert!(moved.expect("cp runs").success());
        disk
    }

    fn enlarge(&self) {
        let done = Command::new("mount").args(["-o", "remount,size=64m"]).arg(&self.0).status();
        assert!(done.expect("mount runs").success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Without it the folder can not be removed; nothing else depends on it.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_full_disk_loses_nothing_acknowledged() {
    let mut city = City::open().await;
    city.kill();
    // Where this may not be done, the test with the limited file stands for both.
    let Some(disk) = SmallDisk::mount(&city) else { return city.restart() };
    city.restart();
    let n_acknowledged = push_until_full(&city).await;
    assert!(n_acknowledged > 0, "there was room for something");
    assert_eq!(city.ended(), Some(2), "it stops by itself, for a restart to see what is on disk");
    disk.enlarge();
    city.restart();
    goes_on(&city, n_acknowledged).await;
    city.kill();
}
