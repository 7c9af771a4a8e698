//! `ReleaseService`: what may be asked, and the answers.

use super::desk::{Desk, Rpc};
use super::peer::Role;
use super::status;
use crate::agreements::Agreement;
use crate::api::{question, v1 as pb};
use crate::calendar::Date;
use crate::disclosure::Offered;
use crate::outcomes::{Dimension, Indicator, Product, indicators};
use crate::release::{self, Release};
use crate::store;
use pb::release_service_server::ReleaseService;
use tonic::{Request, Response, Status};

const QUERY: Rpc = Rpc { name: "Query", roles: &[Role::Partner] };
const LIST_INDICATORS: Rpc =
    Rpc { name: "ListIndicators", roles: &[Role::Partner, Role::Contributor, Role::Steward, Role::Auditor] };
const LIST_PRODUCTS: Rpc =
    Rpc { name: "ListProducts", roles: &[Role::Partner, Role::Steward, Role::Auditor] };

/// The service for partners.
pub(super) struct Releases {
    pub(super) desk: Desk,
}

#[tonic::async_trait]
impl ReleaseService for Releases {
    async fn query(&self, request: Request<pb::QueryRequest>) -> Result<Response<Release>, Status> {
        let (admitted, request) = self.desk.admit(QUERY, request).await?;
        let mut call = admitted.call.clone();
        let question = match question(request) {
            Ok(question) => question,
            Err(violations) => {
                let told = status::Told { rule: "query.malformed", status: status::violations(&violations) };
                return Err(self.desk.refuse(&call, told).await);
            }
        };
        match release::answer(&self.desk.store, admitted.peer.organization.clone(), question, call.clone())
            .await
        {
            Ok(release) => Ok(Response::new(release)),
            Err(error) => {
                if let release::Error::Refused(refused) = &error {
                    call.agreement.clone_from(&refused.agreement);
                }
                Err(self.desk.refuse(&call, status::release(&error, &call.request_id)).await)
            }
        }
    }

    async fn list_indicators(
        &self,
        request: Request<pb::ListIndicatorsRequest>,
    ) -> Result<Response<pb::ListIndicatorsResponse>, Status> {
        let (admitted, _) = self.desk.admit(LIST_INDICATORS, request).await?;
        let indicators = indicators().iter().map(indicator).collect();
        self.desk.answer(&admitted.call, pb::ListIndicatorsResponse { indicators }).await
    }

    async fn list_products(
        &self,
        request: Request<pb::ListProductsRequest>,
    ) -> Result<Response<pb::ListProductsResponse>, Status> {
        let (admitted, _) = self.desk.admit(LIST_PRODUCTS, request).await?;
        let (partner, role) = (admitted.peer.organization.clone(), admitted.peer.role);
        let today = admitted.call.time.date();
        let look = move |snapshot: &store::Snapshot<'_>| {
            let agreements = snapshot.agreements()?;
            let newest = snapshot.edition(None)?.map(|edition| edition.number);
            let mut products = Vec::new();
            for product in snapshot.products()? {
                let permitting = agreements.iter().filter(|(agreement, _)| {
                    agreement.partners.contains(&partner)
                        && agreement.offers(&partner, product.id())
                        && agreement.state(today) == crate::agreements::State::InForce
                });
                let permitting: Vec<_> = permitting.map(|(agreement, _)| agreement).collect();
                // A partner sees only what it may ask, of the editions that it may ask; the steward and the auditors see all.
                if role == Role::Partner && permitting.is_empty() {
                    continue;
                }
                let edition = match role {
                    Role::Partner => reviewed(snapshot, &permitting, today)?,
                    _ => newest,
                };
                let seal = edition.map(|number| snapshot.seal(number)).transpose()?;
                let agreements: Vec<_> = permitting.iter().map(|agreement| agreement.reference()).collect();
                let sealed = seal.as_ref().and_then(|seal| seal.product(product.id()));
                products.push(pb::Product {
                    id: product.id().to_owned(),
                    version: product.version(),
                    title: product.title().to_owned(),
                    indicators: product.indicators().map(|(name, _)| name.to_owned()).collect(),
                    dimensions: sealed
                        .iter()
                        .flat_map(Offered::dimensions)
                        .map(|each| dimension(each, product.classified_by(&each.id)))
                        .collect(),
                    depth: u32::try_from(product.depth()).unwrap_or(u32::MAX),
                    periods: sealed
                        .iter()
                        .flat_map(Offered::periods)
                        .map(|year| year.ending().into())
                        .collect(),
                    profile: product.profile().to_owned(),
                    edition: sealed.as_ref().and(edition).unwrap_or(0),
                    hidden_share: sealed.as_ref().map_or(0.0, Offered::hidden_share),
                    agreements,
                    mode: product.mode().name().into(),
                    uses: uses(&product),
                    population: product.population().unwrap_or_default(),
                });
            }
            Ok(pb::ListProductsResponse { products })
        };
        let response = self.desk.look(&admitted.call, look).await?;
        self.desk.answer(&admitted.call, response).await
    }
}

/// The newest edition that one of the agreements lets a partner ask.
fn reviewed(
    snapshot: &store::Snapshot<'_>,
    agreements: &[&Agreement],
    today: Date,
) -> Result<Option<u32>, store::Error> {
    let mut newest = None;
    for agreement in agreements {
        newest = newest.max(release::reviewed(snapshot, agreement, today)?.map(|edition| edition.number));
    }
    Ok(newest)
}

fn indicator(indicator: &Indicator) -> pb::Indicator {
    pb::Indicator {
        id: indicator.id.clone(),
        label: indicator.label.clone(),
        definition: indicator.definition.clone(),
        numerator: indicator.numerator.clone(),
        denominator: indicator.denominator.clone(),
        rule: indicator.rule.clone(),
        source: indicator.source.clone(),
        unit: indicator.unit.name().into(),
        measure: indicator.measure.name().into(),
        parameters: indicator.parameters.clone(),
        caveat: indicator.caveat.clone(),
    }
}

fn uses(product: &Product) -> Vec<pb::ProductIndicator> {
    let used = product.indicators().zip(product.settings());
    let used = used.map(|((name, indicator), settings)| pb::ProductIndicator {
        name: name.to_owned(),
        indicator: indicator.id.clone(),
        settings: settings.into_iter().map(|(name, value)| pb::IndicatorSetting { name, value }).collect(),
        label: indicator.label.clone(),
    });
    used.collect()
}

fn dimension(dimension: &Dimension, classified_by: Option<(&str, Option<&str>)>) -> pb::ProductDimension {
    let categories = dimension.nodes.iter().map(|node| pb::Category {
        id: node.id.clone(),
        label: node.label.clone(),
        parent: dimension.nodes[usize::from(node.parent)].id.clone(),
    });
    pb::ProductDimension {
        id: dimension.id.clone(),
        label: dimension.label.clone(),
        categories: categories.collect(),
        source: classified_by.map(|(source, _)| source.to_owned()).unwrap_or_default(),
        program: classified_by.and_then(|(_, program)| program).unwrap_or_default().to_owned(),
    }
}
