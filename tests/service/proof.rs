//! Anybody can be shown, later, that an edition hides enough: its proof is kept, on record, and replayed.

use crate::at_rest::{Sealed, SealedBytes};
use crate::city::City;
use crate::vocabulary::last;
use throughline::api::v1 as pb;
use throughline::audit::{Decision, Entry, Hash};
use tonic::{Code, Status};

impl City {
    pub(crate) async fn verify_edition(&self, edition: u32) -> Result<pb::VerifyEditionResponse, Status> {
        let session = self.steward().await.session;
        let request = pb::VerifyEditionRequest { edition };
        session.admin().verify_edition(request).await.map(tonic::Response::into_inner)
    }

    /// Changes the database, mostly of a stopped service.
    pub(crate) fn tamper(&self, sql: &str) {
        let database = rusqlite::Connection::open(self.file("throughline.db")).expect("the database");
        database.execute_batch(sql).expect("a statement");
    }
}

#[tokio::test]
async fn an_edition_is_verified_against_the_log() {
    let mut city = City::published().await;
    let is_published = |entry: &Entry| entry.rpc.as_str() == "Publish" && entry.decision == Decision::Allowed;
    let published = city.log().into_iter().find(is_published).expect("an entry");
    let held = city.verify_edition(0).await.expect("it holds");
    assert_eq!((held.edition, last(&city.log())), (1, (Decision::Allowed, "registered")));
    assert_eq!(published.response_digest.map(|digest| digest.as_bytes().to_vec()), Some(held.seal_digest));
    assert_eq!(published.proof_digest.map(|digest| digest.as_bytes().to_vec()), Some(held.proof_digest));
    assert!(held.numbers > 0 && held.tables > 0 && held.linear_only < held.numbers);
    // A newer version of a product makes no difference to what is out.
    let newer =
        crate::papers::PRODUCT.replace("version = 1", "version = 2").replace("depth = 2", "depth = 1");
    city.steward().await.product(&newer).await.expect("a good product");
    assert_eq!(city.verify_edition(1).await.expect("it holds").tables, held.tables);
    assert_eq!(city.verify_edition(2).await.expect_err("there is none").code(), Code::FailedPrecondition);
    assert_eq!(last(&city.log()), (Decision::Refused, "edition.none"));

    let mut verify = city.program();
    verify.args(["steward", "verify", "1", "--json", "--as", "city-steward.steward", "--server"]);
    let done = verify.arg(city.address().replace("127.0.0.1", "localhost")).output().expect("it runs");
    let said: serde_json::Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!((done.status.code(), &said["tables"]), (Some(0), &held.tables.into()));

    city.kill_once_put_away();
    // As a program wrote it that kept no proofs.
    city.before_keys();
    city.tamper(
        "DROP TABLE proof; DROP TABLE link_offer; DROP TABLE link_verdict;
         ALTER TABLE subject DROP COLUMN reason;
         ALTER TABLE subject ADD COLUMN weight_bits REAL NOT NULL DEFAULT 0;
         ALTER TABLE subject ADD COLUMN pattern BLOB CHECK (length(pattern) = 8); PRAGMA user_version = 1",
    );
    city.restart();
    let status = city.verify_edition(1).await.expect_err("the log knows of a proof");
    assert_eq!((status.code(), status.message()), (Code::DataLoss, "the proof is not the one on record"));
}

#[tokio::test]
async fn a_changed_proof_or_edition_is_found() {
    let mut city = City::published().await;
    city.kill();
    let (mut proof, mut edition) = (city.copy(), city.copy());
    let sealed = proof.rows("SELECT bytes FROM proof", |row| row.get::<_, Vec<u8>>(0)).remove(0);
    let place = 1_u32.to_le_bytes();
    let bytes = proof.opened(Sealed::Proof, &place, &sealed);
    let seal = |bytes: &[u8]| city.sealed(Sealed::Proof, &place, bytes);
    let change = |bytes: &[u8], digest: Hash| {
        let bytes = seal(bytes);
        format!("UPDATE proof SET bytes = x'{}', digest = x'{}'", hex(&bytes), hex(digest.as_bytes()))
    };
    // Its tag stands after the magic and the digest of the seal, and nothing but the digest depends on it.
    let mut other = bytes.clone();
    other[18 + 32] ^= 1;
    proof.tamper(&change(&other, Hash::of(&bytes)));
    proof.restart();
    let status = proof.verify_edition(1).await.expect_err("its bytes are others");
    assert_eq!((status.code(), last(&proof.log())), (Code::DataLoss, (Decision::Refused, "store.damaged")));
    proof.kill();
    proof.tamper(&change(&other, Hash::of(&other)));
    proof.restart();
    let status = proof.verify_edition(1).await.expect_err("it is not on record");
    assert_eq!((status.code(), status.message()), (Code::DataLoss, "the proof is not the one on record"));
    assert_eq!(last(&proof.log()), (Decision::Refused, "edition.not_proven"));
    let mut verify = proof.program();
    verify.args(["steward", "verify", "--as", "city-steward.steward", "--server"]);
    let done = verify.arg(proof.address().replace("127.0.0.1", "localhost")).output().expect("it runs");
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&done.stderr).contains("not the one on record"));

    edition
        .tamper("UPDATE edition SET metadata = replace(metadata, '\"n_opted_out\":0', '\"n_opted_out\":1')");
    edition.restart();
    let status = edition.verify_edition(1).await.expect_err("it has another digest");
    assert_eq!((status.code(), last(&edition.log())), (Code::DataLoss, (Decision::Refused, "store.damaged")));
}

#[tokio::test]
async fn what_is_sealed_opens_only_as_it_is_where_it_is() {
    let mut city = City::published().await;
    city.kill();
    let sealed = city.sealed_bytes();
    let [one, other] = &sealed[..2] else { panic!("two columns") };
    let proof = sealed.last().expect("a proof");
    let flipped = |of: &SealedBytes| {
        let mut bytes = of.bytes.clone();
        bytes[20] ^= 1;
        bytes
    };
    for (of, bytes) in [(one, other.bytes.clone()), (other, flipped(other)), (proof, flipped(proof))] {
        let mut changed = city.copy();
        let SealedBytes { table, number, .. } = of;
        changed.tamper(&format!("UPDATE {table} SET bytes = x'{}' WHERE rowid = {number}", hex(&bytes)));
        changed.restart();
        let status = changed.verify_edition(1).await.expect_err("it does not open");
        assert_eq!(
            (status.code(), last(&changed.log())),
            (Code::DataLoss, (Decision::Refused, "store.damaged"))
        );
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
