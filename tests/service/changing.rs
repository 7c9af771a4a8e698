//! Files that an export job writes anew while they are pushed.

use crate::city::City;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;

/// A way to the service that does something when the first caller comes: by then the caller has read its files, and has
/// sent nothing.
struct Gate {
    address: String,
    passing: JoinHandle<()>,
}

impl Gate {
    fn to(service: &str, on_first: impl FnOnce() + Send + 'static) -> Self {
        let service: SocketAddr = service.parse().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it has one").to_string();
        let passing = std::thread::spawn(move || {
            let (caller, _) = listener.accept().expect("a caller");
            on_first();
            let service = TcpStream::connect(service).expect("it runs");
            let again = |stream: &TcpStream| stream.try_clone().expect("another handle");
            let out = (again(&caller), again(&service));
            let out = std::thread::spawn(move || pass(out.0, out.1));
            pass(service, caller);
            out.join().expect("it ends");
        });
        Self { address, passing }
    }

    fn close(self) {
        // Where nobody has called, it still waits for a caller.
        drop(TcpStream::connect(&self.address));
        self.passing.join().expect("it ends");
    }
}

/// Hands on what comes, until nothing does.
fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut bytes = [0; 1 << 14];
    while let Ok(n @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..n]).is_err() {
            break;
        }
    }
    // The other side may be gone already.
    let _ = (to.shutdown(Shutdown::Write), from.shutdown(Shutdown::Read));
}

impl City {
    /// Pushes the files, in whose place others are before they are sent. These say `new` where the first say `old`.
    fn push_changing(
        &self,
        (old, new): (&'static str, &'static str),
        words: &[&str],
    ) -> crate::sources::Said {
        let folder = self.folder().join("files");
        let gate = Gate::to(self.address(), move || {
            for name in ["students.csv", "enrollments.csv"] {
                let text = std::fs::read_to_string(folder.join(name)).expect("it is there");
                assert!(text.contains(old), "{name}");
                std::fs::write(folder.join(name), text.replace(old, new)).expect("written");
            }
        });
        let said = self.as_source_at(&gate.address, words);
        gate.close();
        said
    }

    fn n_batches(&self) -> i64 {
        self.rows("SELECT count(*) FROM batch", |row| row.get(0))[0]
    }
}

#[tokio::test]
async fn files_that_change_while_they_are_sent_are_not_sent_as_what_they_were() {
    let city = City::open().await;
    city.files(0..200, |_| false);
    assert_eq!(city.as_source(&["push", "files", "--whole"]).code, Some(0));
    let (held, n_batches) = (city.state(), city.n_batches());
    // As many records, of which one is of another student: that one is not among the keys that were compared.
    for (change, name) in
        [(("\n199,", "\n500,"), &[][..]), (("\n198,", "\n501,"), &["--delivery", "nightly"])]
    {
        let words = [&["push", "files", "--whole", "--batch", "80"], name].concat();
        let stopped = city.push_changing(change, &words);
        assert_eq!(stopped.code, Some(2));
        assert!(
            stopped.errors.contains("the files changed while they were sent: push them again"),
            "{}",
            stopped.errors
        );
        assert_eq!(city.state(), held, "nobody who came is in, and nobody is ended");
    }
    // The batches before the other student are what they say they are: two of each push, as the school is one record.
    assert_eq!(city.n_batches() - n_batches, 4);

    // The files as they are now are another delivery.
    let pushed = city.as_source(&["push", "files", "--whole", "--json"]);
    assert_eq!(pushed.code, Some(0), "{}", pushed.errors);
    let pushed = pushed.json();
    assert_eq!((&pushed["outcomes"]["new"], &pushed["resumed"]), (&4.into(), &0.into()));
    assert_eq!(pushed["ended"], serde_json::json!({ "person": 2, "school": 0, "enrollment": 2 }));
}
