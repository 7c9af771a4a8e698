//! The client side: channel, push, receipt check.
