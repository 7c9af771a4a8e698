//! Address and area together: who moves changes both.

use super::{both, plain, similarity};
use crate::identity::{Filter, Slot};
use crate::linkage::features::Features;

/// Address level times four and area level.
pub(super) fn place(a: &Features, b: &Features) -> u8 {
    address(a, b) * 4 + area(a, b)
}

fn address(a: &Features, b: &Features) -> u8 {
    if !both(a, b, Slot::Address) {
        return 0;
    }
    if a.same(b, Slot::Address) {
        return 1;
    }
    if a.same(b, Slot::Building) {
        return 2;
    }
    let (similarity, contained) = a.closeness(b, Filter::Address);
    if similarity >= 0.85 {
        3
    } else if similarity >= 0.72 || contained >= 0.88 {
        4
    } else if a.same(b, Slot::Street) || a.same(b, Slot::HouseNumber) {
        5
    } else {
        6
    }
}

fn area(a: &Features, b: &Features) -> u8 {
    let (zip, city) = (plain(a, b, Slot::Zip), plain(a, b, Slot::City));
    let near = |filter, level| level == 2 && similarity(a, b, filter) >= 0.8;
    match (zip, city) {
        (0, 0) => 0,
        (1, 0 | 1) | (0, 1) => 1,
        (1, _) | (_, 1) => 2,
        _ if near(Filter::Zip, zip) || near(Filter::City, city) => 2,
        _ => 3,
    }
}
