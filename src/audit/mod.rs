//! An entry in, a receipt out: the access log as an RFC 6962 tree.
