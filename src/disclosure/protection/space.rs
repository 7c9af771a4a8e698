//! Where moves of a layer are looked for: in a region, one kind of change at a time.

use super::super::cover::{Changed, Look, Room, Sight, Space, Spread, Target};
use super::layer::Layer;
use super::region::Region;

/// The part of a layer where moves are looked for.
pub(super) struct Ground<'l> {
    layer: &'l Layer<'l>,
    /// Its cells, and the positions of cells among them; empty for the whole layer.
    cells: &'l [u32],
    numbers: &'l [u32],
    /// The part of the geography that stays as it is with all that is not in it, when there is one.
    part: Option<u16>,
}

/// A kind of change of a target.
///
/// The planes that cross no other dimensions than the target come first, all at once. Changes there are margins of the
/// other planes, which follow one by one, those that cross fewer dimensions before those that cross more: a few
/// small searches instead of a large one. A plane where nothing follows joins the first ones with its margins.
pub(super) struct Place<'l> {
    kind: u32,
    /// The tables that change, each with whether the one around it does, too.
    tables: Vec<(usize, bool)>,
    /// The dimensions of the first stage.
    first: Vec<usize>,
    /// The sums for each stage.
    regions: Vec<Region<'l>>,
    /// For each stage but the first its plane.
    planes: Vec<usize>,
    /// For each plane of the first stage, what a change costs for the planes that have to follow.
    cost_follows: Vec<f64>,
}

impl<'l> Ground<'l> {
    /// All of a layer.
    pub(super) fn whole(layer: &'l Layer<'l>) -> Self {
        Self { layer, cells: &[], numbers: &[], part: None }
    }

    /// The cells of one part of the geography, with their positions among them.
    pub(super) fn part(layer: &'l Layer<'l>, part: u16, cells: &'l [u32], numbers: &'l [u32]) -> Self {
        Self { layer, cells, numbers, part: Some(part) }
    }

    fn region(&self, planes: Vec<bool>) -> Region<'l> {
        Region::new(self.layer.lattice, self.cells, self.numbers, planes)
    }

    /// The place for a kind in which some dimensions are looked at first, when the target changes there.
    fn place(&self, kind: u32, first: Vec<usize>, target: &Target) -> Option<Place<'l>> {
        let (layer, lattice) = (self.layer, self.layer.lattice);
        let is_changed = &layer.kinds.all[kind as usize];
        let with_parent = |table: usize| {
            let parent = layer.family.tables[table].parent;
            (table, parent.is_some_and(|parent| is_changed[parent]))
        };
        let tables = (0..is_changed.len()).filter(|&table| is_changed[table]).map(with_parent).collect();
        let published = layer.planes(is_changed);
        let is_first = |plane: usize| {
            published[plane] && lattice.planes[plane].dimensions.iter().all(|at| first.contains(at))
        };
        let mut planes: Vec<usize> =
            (0..published.len()).filter(|&plane| published[plane] && !is_first(plane)).collect();
        planes.sort_by_key(|&plane| lattice.planes[plane].dimensions.len());
        let mut regions = vec![self.region((0..published.len()).map(is_first).collect())];
        regions.extend(planes.iter().map(|&plane| {
            let mut only = vec![false; published.len()];
            only[plane] = true;
            self.region(only)
        }));
        let n_following = |plane: usize| {
            let own = &lattice.planes[plane].dimensions;
            let follows = |other: &&usize| {
                let dimensions = &lattice.planes[**other].dimensions;
                dimensions.len() == own.len() + 1 && own.iter().all(|at| dimensions.contains(at))
            };
            if is_first(plane) { planes.iter().filter(follows).count() } else { 0 }
        };
        let cost_follows =
            (0..published.len()).map(|plane| COST_FOLLOWS * n_following(plane) as f64).collect();
        let place = Place { kind, tables, first, regions, planes, cost_follows };
        (!self.terms(&place, target).is_empty()).then_some(place)
    }
}

impl<'l> Space for Ground<'l> {
    type Place = Place<'l>;
    type Sums = Region<'l>;

    fn places(&self, target: &Target) -> impl Iterator<Item = Place<'l>> {
        let layer = self.layer;
        let tables = target.terms.iter().map(|&(at, _)| layer.off_board(at).0);
        let kinds = layer.kinds.of(tables);
        let first = &layer.lattice.plane(layer.off_board(target.terms[0].0).1).dimensions;
        kinds.into_iter().filter_map(|kind| self.place(kind, first.clone(), target))
    }

    fn joined(&self, place: &Place<'l>, stage: usize, target: &Target) -> Option<Place<'l>> {
        let mut first = place.first.clone();
        first.extend(&self.layer.lattice.planes[place.planes[stage - 1]].dimensions);
        first.sort_unstable();
        first.dedup();
        self.place(place.kind, first, target)
    }

    fn n_stages(&self, place: &Place<'l>) -> usize {
        place.regions.len()
    }

    fn sums<'p>(&'p self, place: &'p Place<'l>, stage: usize) -> &'p Region<'l> {
        &place.regions[stage]
    }

    fn concerns(&self, place: &Place<'l>, stage: usize, changes: &[(u32, i64)]) -> bool {
        let (lattice, region) = (self.layer.lattice, &place.regions[stage]);
        let own = &lattice.planes[place.planes[stage - 1]].dimensions;
        changes.iter().any(|&(number, _)| {
            let of_cell = &lattice.plane(region.cell(number)).dimensions;
            of_cell.len() + 1 == own.len() && of_cell.iter().all(|at| own.contains(at))
        })
    }

    fn terms(&self, place: &Place<'l>, target: &Target) -> Vec<(u32, f64)> {
        let (layer, region) = (self.layer, &place.regions[0]);
        let mut terms: Vec<(u32, f64)> = Vec::new();
        for &(at, times) in &target.terms {
            let (table, cell) = layer.off_board(at);
            let Some(number) = region.number(cell).filter(|_| layer.kinds.all[place.kind as usize][table])
            else {
                continue;
            };
            match terms.iter_mut().find(|term| term.0 == number) {
                Some(term) => term.1 += times as f64,
                None => terms.push((number, times as f64)),
            }
        }
        terms.retain(|term| term.1 != 0.0);
        terms
    }

    fn room(&self, place: &Place<'l>, stage: usize, look: Look<'_>, number: u32) -> Room {
        let region = &place.regions[stage];
        let (layer, cell) = (self.layer, region.cell(number));
        if !region.is_active(cell) {
            return Room::default();
        }
        let geography = layer.lattice.geography(cell);
        if self.part == Some(geography) || layer.is_held_by(geography, look.without) {
            return Room::default();
        }
        let mut common = Common::new();
        if !common.add(layer.reach(place.kind, cell)) {
            return Room::default();
        }
        for &(table, people_change) in &place.tables {
            let sight = layer.sight(look.sight, table, people_change, cell);
            if !common.add(look.board.room(layer.on_board(table, cell), sight)) {
                return Room::default();
            }
        }
        let mut room = common.sum();
        if stage == 0 {
            let follows = place.cost_follows[layer.lattice.plane_of[cell as usize] as usize];
            room.cost_down += follows;
            room.cost_up += follows;
        }
        room
    }

    fn spread(&self, place: &Place<'l>, changes: &[(u32, i64)], sight: Sight) -> Spread {
        let (layer, region) = (self.layer, &place.regions[0]);
        let mut cells = Vec::with_capacity(changes.len() * place.tables.len());
        let (mut backwards, mut forwards) = (i64::MAX, i64::MAX);
        for &(number, by) in changes {
            let cell = region.cell(number);
            let Room { down, up, .. } = layer.reach(place.kind, cell);
            let (along, against) = if by > 0 { (up, down) } else { (down, up) };
            // Rooms are whole numbers, and a division by 1 or a few leaves them so.
            forwards = forwards.min((along / by.unsigned_abs() as f64) as i64);
            backwards = backwards.min((against / by.unsigned_abs() as f64) as i64);
            for &(table, people_change) in &place.tables {
                let sight = layer.sight(sight, table, people_change, cell);
                cells.push(Changed { cell: layer.on_board(table, cell), by, sight });
            }
        }
        cells.sort_unstable();
        Spread { cells, backwards, forwards }
    }

    fn holder(&self, cell: u32) -> Option<u32> {
        self.layer.holder(cell)
    }
}

/// What a change costs in the first stage for each plane that has to follow.
const COST_FOLLOWS: f64 = 0.2;

/// Costs from here on are prices of cells that have to be hidden.
const PRICE_MIN: f64 = 0.5;

/// Rooms of the tables in one cell, which change together. What has to be hidden costs its price each; what is free
/// only tells longer moves from shorter ones, so it counts once.
struct Common {
    room: Room,
    free: (f64, f64),
}

impl Common {
    fn new() -> Self {
        let room = Room { down: f64::INFINITY, up: f64::INFINITY, cost_down: 0.0, cost_up: 0.0 };
        Self { room, free: (0.0, 0.0) }
    }

    /// Whether there is room left.
    fn add(&mut self, more: Room) -> bool {
        let room = &mut self.room;
        room.down = room.down.min(more.down);
        room.up = room.up.min(more.up);
        for (total, free, cost) in [
            (&mut room.cost_down, &mut self.free.0, more.cost_down),
            (&mut room.cost_up, &mut self.free.1, more.cost_up),
        ] {
            if cost < PRICE_MIN {
                *free = free.max(cost);
            } else {
                *total += cost;
            }
        }
        room.down > 0.0 || room.up > 0.0
    }

    fn sum(mut self) -> Room {
        self.room.cost_down += self.free.0;
        self.room.cost_up += self.free.1;
        self.room
    }
}
