//! The log goes over to another key, and whoever has kept the one before takes it up.

use crate::city::City;
use crate::sources::Said;

const AUDITOR: &str = "city-auditor.auditor";
const PARTNER: &str = "city-partnership.partner";
const ASK: [&str; 8] =
    ["query", "city", "chronic_absence", "--by", "race", "--year", "2025", "--purpose=improvement"];
const LOG: &str = "log = { file = \"keys/log.key\" }";
const NEXT: &str = "log_next = { file = \"keys/log-next.key\" }";

impl City {
    /// Makes the key that is to follow.
    fn follow(&self) {
        let made = self.program().args(["keys", "log-next", "service/keys/log-next.key"]).output();
        assert!(made.expect("it runs").status.success());
    }

    /// Starts again with other keys of the log.
    fn restart_with(&mut self, keys: &str) {
        self.kill();
        self.sign_with(keys);
        self.restart();
    }

    /// Writes other keys of the log into the configuration.
    fn sign_with(&self, keys: &str) {
        let config = self.file("throughline.toml");
        let text = std::fs::read_to_string(&config).expect("init wrote it");
        let others = text.lines().filter(|line| !line.starts_with("log"));
        let text: String = others.flat_map(|line| [line, "\n"]).collect();
        assert!(text.contains("[keys]\n"), "{text}");
        std::fs::write(&config, text.replace("[keys]\n", &format!("[keys]\n{keys}\n"))).expect("written");
    }

    fn kept_key(&self) -> String {
        std::fs::read_to_string(self.folder().join("certs/log.vkey")).expect("the key is kept")
    }

    /// Whoever has a memory calls, and is told which key follows.
    fn all_call(&self) {
        for file in std::fs::read_dir(self.folder().join("certs")).expect("a folder") {
            let name = file.expect("readable").file_name().into_string().expect("a name");
            let Some(identity) = name.strip_suffix(".seen.json") else { continue };
            let (_, role) = identity.split_once('.').expect("a role");
            let said = self.run_as(identity, &["audit", "key", "--json", "--role", role]);
            good(&said);
            assert_ne!(said.json()["next"], serde_json::Value::Null);
        }
    }

    fn check(&self, words: &[&str], key: &str) -> bool {
        let mut program = self.program();
        program.args(["audit"]).args(words).args(["--log-key", key]);
        program.output().expect("it runs").status.success()
    }
}

fn good(said: &Said) {
    assert_eq!(said.code, Some(0), "{}", said.errors);
}

#[tokio::test]
async fn whoever_has_kept_the_key_before_takes_up_the_one_that_follows() {
    let mut city = City::published().await;
    good(&city.run_as(PARTNER, &[&ASK[..], &["--receipt", "old.tlog-proof"]].concat()));
    city.export("before");
    let first = city.kept_key();
    let nothing = city.run_as(AUDITOR, &["audit", "key", "--take-up"]);
    assert_eq!((nothing.code, nothing.errors.contains("no key is to follow")), (Some(2), true));

    city.follow();
    // Twice, and it is on record once.
    (0..2).for_each(|_| city.restart_with(&format!("{LOG}\n{NEXT}")));
    let log = city.log();
    let changes: Vec<_> = log.iter().filter(|entry| entry.rpc.as_str() == "ChangeLogKey").collect();
    assert_eq!((changes.len(), changes[0].response_digest.is_some()), (1, true));

    // Both sign, so that everybody goes on with what he has kept; and takes up the other when he has seen something that both
    // have signed.
    let early = city.run_as(AUDITOR, &["audit", "key", "--take-up"]);
    assert_eq!((early.code, early.errors.contains("has not called since both keys sign")), (Some(2), true));
    assert_eq!(city.kept_key(), first, "nothing has changed");
    city.all_call();
    good(&city.run_as(AUDITOR, &["audit", "key", "--take-up"]));
    let second = city.kept_key();
    assert_ne!(first, second);
    good(&city.run_as(PARTNER, &ASK));
    let again = city.run_as(AUDITOR, &["audit", "key", "--take-up"]);
    assert_eq!((again.code, again.errors.contains("about another key")), (Some(2), true), "{}", again.errors);

    city.restart_with(&LOG.replace("log.key", "log-next.key"));
    good(&city.run_as(PARTNER, &[&ASK[..], &["--receipt", "new.tlog-proof"]].concat()));
    good(&city.run_as("city-steward.steward", &["steward", "publish"]));
    city.export("after");
    let id = first.split('+').nth(1).expect("name, id and key");
    let (old, new) = (format!("certs/log.{id}.vkey"), "certs/log.vkey");
    for (words, with_old, with_new) in [
        (["verify", "before"], true, false),
        (["receipt", "old.tlog-proof"], true, false),
        (["verify", "after"], false, true),
        (["receipt", "new.tlog-proof"], false, true),
    ] {
        assert_eq!((city.check(&words, &old), city.check(&words, new)), (with_old, with_new), "{words:?}");
    }

    // Who has not taken it up believes nothing any more.
    std::fs::write(city.folder().join("certs/log.vkey"), first).expect("written");
    let seen = city.folder().join(format!("certs/{PARTNER}.seen.json"));
    for says in ["or the log has another key", "the log may have another by now"] {
        let left_behind = city.run_as(PARTNER, &ASK);
        assert_eq!(
            (left_behind.code, left_behind.errors.contains(says)),
            (Some(2), true),
            "{}",
            left_behind.errors
        );
        // Nor where it remembers nothing.
        let _ = std::fs::remove_file(&seen);
    }
}

#[tokio::test]
async fn nobody_is_offered_what_the_key_he_has_taken_up_has_not_signed() {
    let mut city = City::published().await;
    // What one organization has cosigned goes on being offered until there are as many as it takes.
    let config = city.file("throughline.toml");
    let text = std::fs::read_to_string(&config).expect("init wrote it");
    std::fs::write(&config, format!("witnesses_min = 9\n{text}")).expect("written");
    city.kill();
    city.restart();
    good(&city.run_as(PARTNER, &ASK));
    city.follow();
    city.restart_with(&format!("{LOG}\n{NEXT}"));
    city.all_call();
    good(&city.run_as(PARTNER, &["audit", "key", "--take-up", "--role", "partner"]));
    // Somebody who has not cosigned it yet, and knows the other key alone.
    assert!(!city.folder().join(format!("certs/{AUDITOR}.seen.json")).exists());
    good(&city.run_as(AUDITOR, &["audit", "list"]));
}

#[tokio::test]
async fn a_backup_from_before_is_restored_with_both_keys() {
    let mut city = City::published().await;
    city.backup("old.db");
    city.follow();
    city.restart_with(&format!("{LOG}\n{NEXT}"));
    city.restart_with(&LOG.replace("log.key", "log-next.key"));
    // So that what is kept beside the database is signed by the new key alone.
    city.terminate();
    assert_eq!(city.ended(), Some(0));
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(city.file(&format!("throughline.db{end}")));
    }
    std::fs::copy(city.folder().join("old.db"), city.file("throughline.db")).expect("copied");
    let recover = |city: &City| {
        let words = ["recover", "--config", "service/throughline.toml"];
        let done = city.program().args(words).output().expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (done.status.code(), text(done.stdout) + &text(done.stderr))
    };
    assert!(recover(&city).1.contains("does not verify"), "with the new key alone it is another log");
    city.sign_with(&format!("{LOG}\n{NEXT}"));
    let (code, said) = recover(&city);
    assert_eq!((code, said.contains("are lost")), (Some(2), true), "{said}");
}
