//! `throughline demo`: the whole path once, on an invented city, with real processes and certificates.
//!
//! Every step is a command a person could type; the demo shows it, runs it, and says what it measured.

mod steps;
mod truth;

use super::folder::Folder;
use super::screen::{count, say};
use super::steps::Steps;
use super::{Done, Finish};
use std::path::PathBuf;

/// Do everything once on an invented city, with real processes and certificates
#[derive(clap::Args)]
pub(super) struct Demo {
    /// Children in the city
    #[arg(long, default_value_t = 5_000)]
    students: u32,
    /// The same seed makes the same city
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder to work in; by default one that is removed at the end
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Leave the service up, and the folder there
    #[arg(long)]
    keep: bool,
}

/// The sources of a practice city, in the order they push.
const SOURCES: [&str; 6] =
    ["northfield", "eastbrook", "summit-charter", "afterschool-alliance", "healthy-start", "promise-fund"];
const PARTNER: &str = "city-partnership";
const STEWARD: &str = "city-steward";
const AUDITOR: &str = "city-auditor";

impl Demo {
    pub(super) fn run(self) -> Done {
        let mut folder = Folder::new(self.dir.as_deref(), "demo")?;
        let mut steps = Steps::new(folder.path().to_owned())?;
        let done = self.walk(&mut steps);
        if self.keep && done.is_ok() {
            say("");
            say(&format!("The service is up. To go on by hand:\n\n  cd {}", folder.path().display()));
            say(&format!(
                "  export THROUGHLINE_SERVER={} THROUGHLINE_AGREEMENT=city-outcomes",
                steps.address()
            ));
            say("  export THROUGHLINE_PURPOSE=public_reporting");
            say("  throughline products");
            say("  throughline query city chronic_absence --by race --by sex --year 2025");
            say("  throughline audit list --decision refused");
            say(&format!("\nStop it with:  kill {}", steps.service_id().unwrap_or_default()));
            steps.leave();
            folder.keep();
            return done;
        }
        steps.stop();
        if !folder.is_ours() {
            say(&format!("\nEverything is in {}.", folder.path().display()));
        }
        done
    }

    fn walk(&self, steps: &mut Steps) -> Done {
        say("A city is invented: districts, charters, agencies, families, services, and slips of the hand.");
        let (students, seed) = (self.students.to_string(), self.seed.to_string());
        steps.show(&["practice", "--students", &students, "--seed", &seed, "--out", "city"])?;

        say("\nEach organization gets a certificate, and the service a folder with its database and keys.");
        let members: Vec<String> = SOURCES.iter().map(|source| format!("{source}.contributor")).collect();
        let mut certs = vec!["certs", "init"];
        let others =
            [format!("{PARTNER}.partner"), format!("{STEWARD}.steward"), format!("{AUDITOR}.auditor")];
        certs.extend(members.iter().chain(&others).flat_map(|member| ["--for", member.as_str()]));
        steps.quietly(&certs)?;
        steps.show(&["init", "service", "--steward", STEWARD, "--listen", "127.0.0.1:0"])?;
        // On a quick machine the measuring at the end would run into the limit of a thousand calls a second.
        steps.lift_limits()?;
        say("(Its limits on calls are lifted here: at the end it is measured.)");
        steps.show_service()?;

        say("\nThe steward registers who may call, and loads the agreement and the data products.");
        for source in SOURCES {
            steps.quietly(&["steward", "register", source, "--role", "contributor"])?;
        }
        steps.quietly(&["steward", "register", PARTNER, "--role", "partner"])?;
        steps.quietly(&["steward", "register", AUDITOR, "--role", "auditor"])?;
        steps.show(&["steward", "agreement", "city/agreements/city-outcomes.toml"])?;
        steps.show(&["steward", "product", "city/products/city.toml"])?;
        steps.show(&["steward", "product", "city/products/tutoring.toml"])?;
        steps.show(&["steward", "product", "city/products/graduates.toml"])?;

        say("\nEvery source pushes what it exports, over its own mutual-TLS connection.");
        let pushed = steps.push_all(&SOURCES)?;

        say("\nThe steward freezes an edition; every product is counted, protected and sealed.");
        steps.show(&["steward", "publish", "--title", "The first edition"])?;

        say(
            "\nThe proof that the seal hides enough is kept with it; anything changed about either would be found.",
        );
        steps.show(&["steward", "verify"])?;

        say("\nA partner asks. Groups under ten, and what would give them away, are hidden.");
        let under = ["--agreement", "city-outcomes", "--purpose", "public_reporting"];
        let query = |rest: &[&'static str]| [&["query"][..], rest, &under[..]].concat();
        steps.show(&query(&["city", "chronic_absence", "--by", "race", "--year", "2025"]))?;
        steps.show(&query(&[
            "tutoring",
            "reading_proficiency",
            "--by",
            "status",
            "--by",
            "income",
            "--year",
            "2025",
        ]))?;
        say("\nA question the agreement does not cover is refused, with the rule that says so.");
        steps.refused(&[
            "query",
            "city",
            "chronic_absence",
            "--agreement",
            "city-outcomes",
            "--purpose",
            "marketing",
        ])?;

        say("\nThe auditor sees every call, and checks the whole log without the service.");
        steps.show(&["audit", "list", "--rpc", "Query"])?;
        steps.show(&["audit", "export", "log"])?;
        steps.show(&["audit", "verify", "log"])?;

        say("\nMeasured on this machine, service and clients together:");
        let queries = steps.time_queries(200)?;
        let linkage = truth::compare(&steps.path("city/truth/persons.csv"), &steps.path("service"))?;
        say(&format!(
            "  intake    {} records in {:.1} s: {} records a second to the durable acknowledgement",
            count(pushed.records),
            pushed.seconds,
            count((pushed.records as f64 / pushed.seconds.max(1e-9)) as u64)
        ));
        say(&format!(
            "  linkage   precision {:.4}, recall {:.4} against the truth ({} children in {} rosters' numbers)",
            linkage.precision(),
            linkage.recall(),
            count(linkage.n_persons),
            count(linkage.n_subjects)
        ));
        say(&format!(
            "  queries   {:.2} ms at the median, {:.2} ms at the 99th percentile, proof checked ({} queries)",
            queries.median_ms, queries.p99_ms, queries.n
        ));
        say(&format!(
            "  calls     {} audited calls a second, several at once",
            count(queries.per_second as u64)
        ));
        Ok(Finish::All)
    }
}
