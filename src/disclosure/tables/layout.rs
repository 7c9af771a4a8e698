//! The layout of published tables: which cells are sums of which others.

use super::Error;
use crate::disclosure::cover::Relations;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A table as it comes from a file: dimensions, and cells by their codes.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Names of its dimensions.
    pub dimensions: Vec<String>,
    /// The code of each cell in each dimension.
    pub codes: Vec<Vec<String>>,
}

/// A hierarchy of one dimension: the parent of each code.
#[derive(Debug, Clone, Default)]
pub struct Hierarchy {
    /// The dimension's name.
    pub dimension: String,
    /// (code, parent); a code without a parent stands right below the total, or is it.
    pub parents: Vec<(String, String)>,
}

/// The cells of one or more tables, each once, with the sums between them.
#[derive(Debug, Clone)]
pub struct Layout {
    /// Names of all dimensions, in the order in which they came up.
    pub dimensions: Vec<String>,
    /// The code of each cell in each dimension; the total where a table does not have the dimension.
    pub codes: Vec<Vec<String>>,
    /// The cell of each row of each table.
    pub cell_of: Vec<Vec<u32>>,
    /// Each a list of (cell, coefficient) that sums to zero; the sum comes first, with 1.
    pub(in crate::disclosure) relations: Vec<Vec<(u32, i32)>>,
    /// The code of the margins.
    total: String,
}

impl Layout {
    /// The layout of some tables, linked where they have cells in common.
    ///
    /// `total` is the code of the margins. A table that has no margin at all is given all of them: the
    /// added cells belong to no row.
    ///
    /// # Errors
    ///
    /// [`Error::DuplicateCell`], [`Error::UnknownDimension`], [`Error::Cycle`].
    pub fn new(tables: &[Table], hierarchies: &[Hierarchy], total: &str) -> Result<Self, Error> {
        let mut layout = Self {
            dimensions: Vec::new(),
            codes: Vec::new(),
            cell_of: Vec::new(),
            relations: Vec::new(),
            total: total.to_owned(),
        };
        for name in tables.iter().flat_map(|table| &table.dimensions) {
            if !layout.dimensions.contains(name) {
                layout.dimensions.push(name.clone());
            }
        }
        if let Some(other) = hierarchies.iter().find(|of| !layout.dimensions.contains(&of.dimension)) {
            return Err(Error::UnknownDimension { dimension: other.dimension.clone() });
        }
        let mut known: HashMap<Vec<String>, u32> = HashMap::new();
        let mut sums = BTreeSet::new();
        for (number, table) in tables.iter().enumerate() {
            let trees: Vec<Vec<Tree>> = (table.dimensions.iter().enumerate())
                .map(|(at, name)| trees(table, at, name, hierarchies, total))
                .collect::<Result<_, _>>()?;
            let mut rows = table.codes.clone();
            if !rows.iter().flatten().any(|code| code == total) {
                rows = with_margins(&rows, &trees);
            }
            let mut own = HashMap::new();
            let mut cells = Vec::with_capacity(rows.len());
            for (row, codes) in rows.iter().enumerate() {
                let mut full = vec![total.to_owned(); layout.dimensions.len()];
                for (name, code) in table.dimensions.iter().zip(codes) {
                    let at = layout.dimensions.iter().position(|other| other == name);
                    full[at.expect("all dimensions are listed")].clone_from(code);
                }
                let cell = *known.entry(full.clone()).or_insert(layout.codes.len() as u32);
                if cell as usize == layout.codes.len() {
                    layout.codes.push(full);
                }
                if own.insert(codes.clone(), cell).is_some() {
                    return Err(Error::DuplicateCell { table: number, row });
                }
                cells.push(cell);
            }
            for (at, trees) in trees.iter().enumerate() {
                for tree in trees {
                    sums.extend(along(tree, at, &own));
                }
            }
            layout.cell_of.push(cells);
        }
        layout.relations = sums.into_iter().collect();
        Ok(layout.in_order())
    }

    /// A layout of unnamed cells with sums given one by one, each a list of (cell, coefficient) that sums to zero.
    #[must_use]
    pub fn from_relations(codes: Vec<String>, relations: Vec<Vec<(u32, i32)>>) -> Self {
        let n_cells = codes.len() as u32;
        let codes = codes.into_iter().map(|code| vec![code]).collect();
        let relations = relations.into_iter().map(normal).filter(|relation| !relation.is_empty());
        let layout = Self {
            dimensions: vec!["cell".into()],
            codes,
            cell_of: vec![(0..n_cells).collect()],
            relations: relations.collect(),
            total: String::new(),
        };
        layout.in_order()
    }

    /// Numbers the cells by their codes, so that the order of rows makes no difference.
    fn in_order(mut self) -> Self {
        let mut order: Vec<u32> = (0..self.n_cells() as u32).collect();
        order.sort_by(|&a, &b| self.codes[a as usize].cmp(&self.codes[b as usize]));
        let mut number = vec![0; order.len()];
        (0..).zip(&order).for_each(|(to, &cell)| number[cell as usize] = to);
        self.codes = order.iter().map(|&cell| std::mem::take(&mut self.codes[cell as usize])).collect();
        self.cell_of.iter_mut().flatten().for_each(|cell| *cell = number[*cell as usize]);
        for relation in &mut self.relations {
            relation.iter_mut().for_each(|(cell, _)| *cell = number[*cell as usize]);
            relation[1..].sort_unstable();
        }
        self.relations.sort_unstable();
        self
    }

    /// All cells, those of the first table's rows first, each once.
    #[must_use]
    pub fn by_row(&self) -> Vec<u32> {
        let mut seen = vec![false; self.n_cells()];
        let is_new = |&cell: &u32| !std::mem::replace(&mut seen[cell as usize], true);
        self.cell_of.iter().flatten().copied().filter(is_new).collect()
    }

    /// Number of cells.
    #[must_use]
    pub fn n_cells(&self) -> usize {
        self.codes.len()
    }

    /// The value of each cell from those of each table's rows; added margins are the sums of what they are made of.
    ///
    /// # Errors
    ///
    /// [`Error::Differs`] where linked tables do, [`Error::NoValue`].
    pub fn values(&self, of_rows: &[Vec<i64>]) -> Result<Vec<i64>, Error> {
        let mut values: Vec<Option<i64>> = vec![None; self.n_cells()];
        for (cells, rows) in self.cell_of.iter().zip(of_rows) {
            for (&cell, &value) in cells.iter().zip(rows) {
                if values[cell as usize].replace(value).is_some_and(|other| other != value) {
                    return Err(Error::Differs { cell: self.name(cell) });
                }
            }
        }
        // A margin's parts may be margins themselves, so it takes as many rounds as there are dimensions.
        for _ in 0..=self.dimensions.len() {
            for relation in &self.relations {
                let (sum, _) = relation[0];
                let part = |&(cell, sign): &(u32, i32)| values[cell as usize].map(|v| v * -i64::from(sign));
                if values[sum as usize].is_none() {
                    values[sum as usize] = relation[1..].iter().map(part).sum();
                }
            }
        }
        let value =
            |(cell, value): (u32, Option<i64>)| value.ok_or_else(|| Error::NoValue { cell: self.name(cell) });
        (0..).zip(values).map(value).collect()
    }

    /// In how many dimensions a cell is a margin.
    pub(in crate::disclosure) fn n_margins(&self, cell: u32) -> usize {
        self.codes[cell as usize].iter().filter(|code| **code == self.total).count()
    }

    /// The codes of a cell, joined for people.
    #[must_use]
    pub fn name(&self, cell: u32) -> String {
        self.codes[cell as usize].join(" / ")
    }

    pub(in crate::disclosure) fn sums(&self) -> Relations {
        Relations::new(self.n_cells(), &self.relations)
    }
}

/// A sum with each cell once, and the cell that is the sum of the others first, with 1, where there is one.
fn normal(relation: Vec<(u32, i32)>) -> Vec<(u32, i32)> {
    let mut terms: BTreeMap<u32, i32> = BTreeMap::new();
    for (cell, times) in relation {
        let sum = terms.entry(cell).or_default();
        *sum = sum.saturating_add(times);
    }
    terms.retain(|_, times| *times != 0);
    let n_positive = terms.values().filter(|times| **times > 0).count();
    let sign = if n_positive > 1 && n_positive + 1 == terms.len() { -1 } else { 1 };
    let mut normal: Vec<(u32, i32)> = terms.into_iter().map(|(cell, times)| (cell, sign * times)).collect();
    if let Some(at) = normal.iter().position(|(_, times)| *times == 1) {
        normal[..=at].rotate_right(1);
    }
    normal
}

/// For each code, the codes right below it.
type Tree = BTreeMap<String, Vec<String>>;

/// The trees of a table's dimension: one for each hierarchy, or a flat one.
fn trees(
    table: &Table,
    at: usize,
    name: &str,
    hierarchies: &[Hierarchy],
    total: &str,
) -> Result<Vec<Tree>, Error> {
    let codes: BTreeSet<&String> = table.codes.iter().map(|codes| &codes[at]).collect();
    let mut named: Vec<&Hierarchy> = hierarchies.iter().filter(|of| of.dimension == name).collect();
    let flat = Hierarchy::default();
    if named.is_empty() {
        named.push(&flat);
    }
    let in_any: BTreeSet<&String> = named.iter().flat_map(|of| &of.parents).map(|(code, _)| code).collect();
    let tree = |of: &&Hierarchy| {
        let parents: HashMap<&String, &String> = of.parents.iter().map(|(code, up)| (code, up)).collect();
        let up = |code: &&String| match parents.get(*code) {
            Some(parent) if !parent.is_empty() && *code != total => Some(*parent),
            _ => None,
        };
        let mut tree = Tree::new();
        // A parent that the table has no cells of is passed over.
        for &code in codes.iter().filter(|code| **code != total) {
            if !parents.contains_key(code) && in_any.contains(code) {
                continue;
            }
            let above: Vec<&String> =
                std::iter::successors(up(&code), up).take(of.parents.len() + 1).collect();
            if above.len() > of.parents.len() {
                return Err(Error::Cycle { dimension: name.to_owned() });
            }
            let is_parent = |up: &&String| *up == total || codes.contains(up);
            let parent = above.into_iter().find(is_parent).map_or(total, String::as_str);
            tree.entry(parent.to_owned()).or_default().push(code.clone());
        }
        Ok(tree)
    };
    named.iter().map(tree).collect()
}

/// The sums along a dimension, among the cells of one table.
fn along(tree: &Tree, at: usize, own: &HashMap<Vec<String>, u32>) -> BTreeSet<Vec<(u32, i32)>> {
    let mut parent_of: HashMap<&str, &str> = HashMap::new();
    for (parent, children) in tree {
        parent_of.extend(children.iter().map(|child| (child.as_str(), parent.as_str())));
    }
    let mut sums: BTreeMap<u32, Vec<(u32, i32)>> = BTreeMap::new();
    for (codes, &cell) in own {
        // A parent that has no cell in this line, though it has some elsewhere, is passed over: what is below it is
        // part of the next one that has.
        let mut ancestors =
            std::iter::successors(parent_of.get(codes[at].as_str()), |up| parent_of.get(**up));
        let mut up = codes.clone();
        let sum = ancestors.find_map(|parent| {
            up[at] = (*parent).to_owned();
            own.get(&up)
        });
        if let Some(&sum) = sum {
            sums.entry(sum).or_insert_with(|| vec![(sum, 1)]).push((cell, -1));
        }
    }
    sums.into_values()
        .map(|mut sum| {
            sum[1..].sort_unstable();
            sum
        })
        .collect()
}

/// The rows, and all margins above them.
fn with_margins(rows: &[Vec<String>], trees: &[Vec<Tree>]) -> Vec<Vec<String>> {
    let mut all = rows.to_vec();
    let mut seen: BTreeSet<Vec<String>> = rows.iter().cloned().collect();
    let mut at = 0;
    while at < all.len() {
        for (dimension, trees) in trees.iter().enumerate() {
            for (parent, children) in trees.iter().flatten() {
                if children.contains(&all[at][dimension]) {
                    let mut up = all[at].clone();
                    up[dimension].clone_from(parent);
                    if seen.insert(up.clone()) {
                        all.push(up);
                    }
                }
            }
        }
        at += 1;
    }
    all
}
