//! Answers of the service, asked now or kept from before; each is used only with a valid proof.

use crate::api::{RECEIPT, v1 as pb};
use crate::audit::{Hash, Receipt, VerifierKey};
use crate::cli::Failure;
use crate::client::{Error, Session};
use crate::disclosure::{Filter, ProtectedTable};
use crate::figures::{Catalog, Category, Definition, Dimension, Offer, Use};
use crate::outcomes::Slice;
use prost::Message;
use tonic::{Request, Response};

/// A file of answers.
#[derive(Clone, PartialEq, Message)]
struct Kept {
    #[prost(message, optional, tag = "1")]
    indicators: Option<Listing>,
    #[prost(message, optional, tag = "2")]
    products: Option<Listing>,
    #[prost(message, repeated, tag = "3")]
    answers: Vec<Answer>,
}

/// A listing, as bytes, with its receipt.
#[derive(Clone, PartialEq, Message)]
struct Listing {
    #[prost(bytes = "vec", tag = "1")]
    answer: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    receipt: Vec<u8>,
}

/// A table with the question it answers.
#[derive(Clone, PartialEq, Message)]
struct Answer {
    #[prost(message, optional, tag = "1")]
    question: Option<pb::QueryRequest>,
    #[prost(message, optional, tag = "2")]
    table: Option<ProtectedTable>,
    #[prost(message, optional, tag = "3")]
    receipt: Option<Receipt>,
}

/// Where answers come from.
pub(super) struct Answers {
    kept: Kept,
    /// The edition asked for; once there is an answer, all others are of its edition.
    edition: Option<u32>,
    /// Nothing where all come from a file.
    asking: Option<Asking>,
}

struct Asking {
    session: Session,
    agreement: String,
    purpose: String,
}

const DAMAGED: &str = "the file of answers is damaged, or is none";

impl Answers {
    /// Answers from a service.
    pub(super) async fn asked(
        session: Session,
        agreement: String,
        purpose: String,
        edition: Option<u32>,
    ) -> Result<Self, Failure> {
        let mut releases = session.releases();
        let indicators = releases.list_indicators(Request::new(pb::ListIndicatorsRequest {})).await;
        let products = releases.list_products(Request::new(pb::ListProductsRequest {})).await;
        let (indicators, products) = (indicators.map_err(Error::from)?, products.map_err(Error::from)?);
        let kept = Kept {
            indicators: Some(listing(&session, &pb::ListIndicatorsRequest {}, indicators)?),
            products: Some(listing(&session, &pb::ListProductsRequest {}, products)?),
            answers: Vec::new(),
        };
        Ok(Self { kept, edition, asking: Some(Asking { session, agreement, purpose }) })
    }

    /// Answers from a file: every proof in it is checked again by the log's key.
    pub(super) fn kept(bytes: &[u8], log: &VerifierKey, edition: Option<u32>) -> Result<Self, Failure> {
        let damaged = || Failure::new(DAMAGED);
        let kept = Kept::decode(bytes).map_err(|_| damaged())?;
        for listing in [&kept.indicators, &kept.products] {
            let listing = listing.as_ref().ok_or_else(damaged)?;
            let receipt = Receipt::decode(listing.receipt.as_slice()).map_err(|_| damaged())?;
            // Both requests are empty.
            receipt.verify(log, Some(&Hash::of(b"")), Some(&Hash::of(&listing.answer)))?;
        }
        for answer in &kept.answers {
            let (Some(question), Some(table), Some(receipt)) =
                (&answer.question, &answer.table, &answer.receipt)
            else {
                return Err(damaged());
            };
            let asked = Hash::of(&question.encode_to_vec());
            receipt.verify(log, Some(&asked), Some(&Hash::new(table.digest())))?;
        }
        Ok(Self { kept, edition, asking: None })
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.kept.encode_to_vec()
    }

    /// The tables of some questions, or why the service does not answer one of them.
    pub(super) async fn tables(
        &mut self,
        slices: &[Slice],
    ) -> Result<Result<Vec<ProtectedTable>, String>, Failure> {
        let mut tables = Vec::new();
        for slice in slices {
            match self.table(slice).await? {
                Ok(table) => tables.push(table),
                Err(reason) => return Ok(Err(reason)),
            }
        }
        Ok(Ok(tables))
    }

    /// The table of a question, or why the service does not answer it.
    async fn table(&mut self, slice: &Slice) -> Result<Result<ProtectedTable, String>, Failure> {
        if let Some(table) = self.find(slice) {
            return Ok(Ok(table));
        }
        let Some(asking) = &self.asking else {
            return Ok(Err("the file of answers does not have it".into()));
        };
        let filters = slice.filters.iter();
        let question = pb::QueryRequest {
            agreement: asking.agreement.clone(),
            purpose: asking.purpose.clone(),
            product: slice.product.clone(),
            indicator: slice.indicator.clone(),
            dimensions: slice.dimensions.clone(),
            filters: filters
                .map(|(name, value)| Filter { dimension: name.clone(), category: value.clone() })
                .collect(),
            periods: slice.periods.iter().map(|year| year.ending().into()).collect(),
            edition: self.edition.unwrap_or(0),
        };
        match asking.session.query(question.clone()).await {
            Ok((table, receipt)) => {
                self.edition = Some(table.edition());
                let answer =
                    Answer { question: Some(question), table: Some(table.clone()), receipt: Some(receipt) };
                self.kept.answers.push(answer);
                Ok(Ok(table))
            }
            Err(refused @ Error::Refused(_)) => Ok(Err(refused.to_string().replace('\n', " "))),
            Err(error) => Err(error.into()),
        }
    }

    fn find(&self, slice: &Slice) -> Option<ProtectedTable> {
        let is_asked = |question: &pb::QueryRequest| {
            let filters = question.filters.iter().map(|filter| (&filter.dimension, &filter.category));
            let periods = question.periods.iter().copied();
            question.product == slice.product
                && question.indicator == slice.indicator
                && question.dimensions == slice.dimensions
                && filters.eq(slice.filters.iter().map(|(name, value)| (name, value)))
                && periods.eq(slice.periods.iter().map(|year| u32::from(year.ending())))
        };
        let known = self.kept.answers.iter().find(|answer| answer.question.as_ref().is_some_and(is_asked));
        let table = known.and_then(|answer| answer.table.clone())?;
        self.edition.is_none_or(|edition| edition == table.edition()).then_some(table)
    }

    /// Positions in the access log of the answers.
    pub(super) fn log_entries(&self) -> Vec<u64> {
        self.kept.answers.iter().filter_map(|answer| Some(answer.receipt.as_ref()?.index())).collect()
    }

    /// What can be asked, and what it is called.
    pub(super) fn catalog(&self) -> Result<Catalog, Failure> {
        let bytes =
            |listing: &Option<Listing>| listing.iter().flat_map(|listing| listing.answer.clone()).collect();
        let (indicators, products): (Vec<u8>, Vec<u8>) =
            (bytes(&self.kept.indicators), bytes(&self.kept.products));
        let indicators = pb::ListIndicatorsResponse::decode(indicators.as_slice())?.indicators;
        let products = pb::ListProductsResponse::decode(products.as_slice())?.products;
        // A product that no edition has yet cannot be asked.
        let offers = products.into_iter().filter(|product| product.edition > 0).map(offer).collect();
        let definition = |indicator: pb::Indicator| {
            let definition = Definition {
                label: indicator.label,
                measure: indicator.measure,
                definition: indicator.definition,
                numerator: indicator.numerator,
                denominator: indicator.denominator,
                source: indicator.source,
                caveat: indicator.caveat,
            };
            (indicator.id, definition)
        };
        Ok(Catalog { offers, definitions: indicators.into_iter().map(definition).collect() })
    }
}

/// A listing whose receipt holds, to keep.
fn listing<M: Message>(
    session: &Session,
    request: &impl Message,
    response: Response<M>,
) -> Result<Listing, Failure> {
    let receipt = response.metadata().get_bin(RECEIPT).and_then(|receipt| receipt.to_bytes().ok());
    let receipt = receipt.map(|bytes| bytes.to_vec()).unwrap_or_default();
    let message = session.proven(&request.encode_to_vec(), response)?;
    Ok(Listing { answer: message.encode_to_vec(), receipt })
}

fn offer(product: pb::Product) -> Offer {
    let used = |used: pb::ProductIndicator| Use {
        name: used.name,
        indicator: used.indicator,
        settings: used.settings.into_iter().map(|set| (set.name, set.value)).collect(),
    };
    let dimension = |dimension: pb::ProductDimension| {
        let categories = dimension.categories.into_iter();
        let categories =
            categories.map(|each| Category { id: each.id, label: each.label, parent: each.parent });
        Dimension {
            id: dimension.id,
            label: dimension.label,
            source: dimension.source,
            program: dimension.program,
            categories: categories.collect(),
        }
    };
    Offer {
        id: product.id,
        title: product.title,
        population: product.population,
        uses: product.uses.into_iter().map(used).collect(),
        periods: product.periods,
        dimensions: product.dimensions.into_iter().map(dimension).collect(),
        depth: product.depth as usize,
        hidden_share: product.hidden_share,
    }
}
