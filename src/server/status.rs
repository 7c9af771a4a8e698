//! The one mapping from errors to what a caller sees. No `match` here has a `_` arm: a new variant does
//! not compile until someone decides.

use crate::agreements::Refused;
use crate::disclosure::NotASlice;
use crate::records::Violation;
use crate::{destruction, ingest, links, publish, release, rotation, store, verify};
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// Domain of every `google.rpc.ErrorInfo`.
const DOMAIN: &str = "throughline";

/// A status with a stable reason.
pub(super) fn status(code: Code, reason: &str, message: &str) -> Status {
    let details = ErrorDetails::with_error_info(reason, DOMAIN, []);
    Status::with_error_details(code, message, details)
}

/// Fields that are wrong, each with its reason and never its value.
pub(super) fn violations(violations: &[Violation]) -> Status {
    let mut details = ErrorDetails::with_error_info("INVALID_FIELDS", DOMAIN, []);
    for violation in violations {
        details
            .add_bad_request_violation(&violation.field, format!("{}: {}", violation.code, violation.reason));
    }
    Status::with_error_details(Code::InvalidArgument, "some fields are wrong", details)
}

/// Try again, not before `after`.
pub(super) fn later(code: Code, reason: &str, message: &str, after: Duration) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, []);
    details.set_retry_info(Some(after));
    Status::with_error_details(code, message, details)
}

/// A push that sends more at once than the service takes.
pub(super) fn too_large(message: &str) -> Told {
    Told { rule: "push.too_large", status: status(Code::ResourceExhausted, "TOO_LARGE", message) }
}

/// A fault of ours: constant text, the cause is in the log.
pub(super) fn internal(request_id: &str) -> Status {
    let mut details = ErrorDetails::with_error_info("INTERNAL", DOMAIN, []);
    details.set_request_info(request_id, "");
    Status::with_error_details(Code::Internal, "the service failed; please report the request id", details)
}

/// An error, the stable name of the rule the log keeps for it, and what the caller sees.
pub(super) struct Told {
    /// Rule or reason for the access log.
    pub(super) rule: &'static str,
    /// What the caller sees.
    pub(super) status: Status,
}

impl Told {
    /// Something is not of the form it should have.
    pub(super) fn malformed(rule: &'static str, message: &str) -> Self {
        Self { rule, status: status(Code::InvalidArgument, "MALFORMED", message) }
    }
}

pub(super) fn store(error: &store::Error, request_id: &str) -> Told {
    use store::Error as E;
    match error {
        E::Uncertain => Told {
            rule: "store.uncertain",
            status: later(
                Code::Unavailable,
                "OUTCOME_UNKNOWN",
                "whether this took effect is not known; send the same again",
                Duration::from_secs(2),
            ),
        },
        E::Stopped => Told {
            rule: "store.stopped",
            status: later(
                Code::Unavailable,
                "RESTARTING",
                "the service is restarting",
                Duration::from_secs(2),
            ),
        },
        E::Damaged(what) => {
            tracing::error!(what, "stored data are damaged");
            let message = "stored data do not verify; an operator is needed";
            Told { rule: "store.damaged", status: status(Code::DataLoss, "DATA_LOSS", message) }
        }
        E::Database(cause) => {
            tracing::error!(code = ?cause.sqlite_error_code(), request_id, "the database failed");
            if cause.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) {
                let message = "the service's disk is full; nothing was changed";
                let after = Duration::from_secs(60);
                return Told {
                    rule: "store.full",
                    status: later(Code::Unavailable, "DISK_FULL", message, after),
                };
            }
            Told { rule: "store.database", status: internal(request_id) }
        }
        E::Absent(_) | E::Exists(_) | E::Unwritable(_) | E::Newer { .. } | E::WrongKey | E::Panicked => {
            tracing::error!(%error, request_id, "the store failed");
            Told { rule: "store.failed", status: internal(request_id) }
        }
    }
}

fn refused(refused: &Refused) -> Told {
    let mut details = ErrorDetails::with_error_info("NOT_PERMITTED", DOMAIN, []);
    let (id, version) = refused.agreement.clone().unwrap_or_default();
    let metadata =
        [("rule", refused.rule.name().to_owned()), ("agreement", id), ("version", version.to_string())];
    let metadata = metadata.into_iter().filter(|(_, value)| !value.is_empty() && value != "0");
    details.set_error_info(
        "NOT_PERMITTED",
        DOMAIN,
        metadata.map(|(key, value)| (key.to_owned(), value)).collect::<std::collections::HashMap<_, _>>(),
    );
    Told {
        rule: refused.rule.name(),
        status: Status::with_error_details(Code::PermissionDenied, refused.to_string(), details),
    }
}

fn not_a_slice(error: &NotASlice) -> Told {
    let mut details = ErrorDetails::with_error_info("NOT_A_SLICE", DOMAIN, []);
    for violation in &error.violations {
        details.add_bad_request_violation(&violation.field, violation.reason);
    }
    Told {
        rule: "product.not_a_slice",
        status: Status::with_error_details(
            Code::InvalidArgument,
            "the question is not a slice of a declared product",
            details,
        ),
    }
}

pub(super) fn ingest(error: &ingest::Error, request_id: &str) -> Told {
    use ingest::Error as E;
    match error {
        E::Refused(cause) => refused(cause),
        E::NotRegistered => Told {
            rule: "organization.suspended",
            status: status(Code::PermissionDenied, "NOT_REGISTERED", &error.to_string()),
        },
        E::Conflict => Told {
            rule: "batch.conflict",
            status: status(Code::AlreadyExists, "BATCH_CONFLICT", &error.to_string()),
        },
        E::OutOfOrder { .. } => Told {
            rule: "batch.out_of_order",
            status: status(Code::FailedPrecondition, "OUT_OF_ORDER", &error.to_string()),
        },
        E::TooManyAbsent { .. } => Told {
            rule: "push.too_many_absent",
            status: status(Code::FailedPrecondition, "TOO_MANY_ABSENT", &error.to_string()),
        },
        E::TooMany => too_large(&error.to_string()),
        E::Store(cause) => store(cause, request_id),
    }
}

pub(super) fn release(error: &release::Error, request_id: &str) -> Told {
    use release::Error as E;
    match error {
        E::Refused(cause) => refused(cause),
        E::NotASlice(cause) => not_a_slice(cause),
        E::NoEdition => Told {
            rule: "edition.none",
            status: status(Code::FailedPrecondition, "NO_EDITION", &error.to_string()),
        },
        E::Store(cause) => store(cause, request_id),
    }
}

pub(super) fn publish(error: &publish::Error, request_id: &str) -> Told {
    use publish::Error as E;
    match error {
        E::NotProven(_) => {
            tracing::error!(%error, request_id, "a seal was thrown away");
            Told {
                rule: "publish.not_proven",
                status: status(Code::Internal, "NOT_PROVEN", &error.to_string()),
            }
        }
        E::NoProduct | E::Outcomes(_) | E::Disclosure(_) => Told {
            rule: "publish.products",
            status: status(Code::FailedPrecondition, "CANNOT_PUBLISH", &error.to_string()),
        },
        E::Closed => Told {
            rule: "publish.closed",
            status: status(Code::FailedPrecondition, "DESTROYED", &error.to_string()),
        },
        E::Overtaken => {
            Told { rule: "publish.overtaken", status: status(Code::Aborted, "OVERTAKEN", &error.to_string()) }
        }
        E::Store(cause) => store(cause, request_id),
    }
}

pub(super) fn links(error: &links::Error, request_id: &str) -> Told {
    use links::Error as E;
    match error {
        E::Unknown => Told {
            rule: "link.unknown",
            status: status(Code::FailedPrecondition, "NO_SUCH_PAIR", &error.to_string()),
        },
        E::Undecided => Told {
            rule: "link.undecided",
            status: status(Code::FailedPrecondition, "NOT_DECIDED", &error.to_string()),
        },
        E::Contradiction(_) => Told {
            rule: "link.contradiction",
            status: status(Code::FailedPrecondition, "CONTRADICTION", &error.to_string()),
        },
        E::Store(cause) => store(cause, request_id),
    }
}

pub(super) fn destruction(error: &destruction::Error, request_id: &str) -> Told {
    use destruction::Error as E;
    let told =
        |rule, reason| Told { rule, status: status(Code::FailedPrecondition, reason, &error.to_string()) };
    match error {
        E::Unknown(_) => told("destroy.unknown", "UNKNOWN"),
        E::NotYet(_) => told("destroy.not_yet", "NOT_YET"),
        E::Already => told("destroy.already", "ALREADY"),
        E::NotAsShown => told("destroy.not_as_shown", "NOT_AS_SHOWN"),
        E::Store(cause) => store(cause, request_id),
    }
}

pub(super) fn rotation(error: &rotation::Error, request_id: &str) -> Told {
    use rotation::Error as E;
    match error {
        E::InUse | E::NoneInUse | E::Follows(_) | E::Former | E::NotHeld | E::NoneFollows => Told {
            rule: "key.step",
            status: status(Code::FailedPrecondition, "LINKAGE_KEY", &error.to_string()),
        },
        E::Waiting => Told {
            rule: "key.waiting",
            status: status(Code::FailedPrecondition, "WAITING", &error.to_string()),
        },
        E::Store(cause) => store(cause, request_id),
    }
}

pub(super) fn verify(error: &verify::Error, request_id: &str) -> Told {
    use verify::Error as E;
    match error {
        E::NoEdition => Told {
            rule: "edition.none",
            status: status(Code::FailedPrecondition, "NO_EDITION", &error.to_string()),
        },
        E::NoProof => Told {
            rule: "edition.no_proof",
            status: status(Code::FailedPrecondition, "NO_PROOF", &error.to_string()),
        },
        E::Destroyed => Told {
            rule: "edition.destroyed",
            status: status(Code::FailedPrecondition, "DESTROYED", &error.to_string()),
        },
        E::Store(cause) | E::Before(publish::Error::Store(cause)) => store(cause, request_id),
        E::NotOnRecord(_) | E::Outcomes(_) | E::Before(_) | E::NotProven(_) => {
            tracing::error!(%error, request_id, "an edition does not verify");
            Told {
                rule: "edition.not_proven",
                status: status(Code::DataLoss, "NOT_PROVEN", &error.to_string()),
            }
        }
    }
}
