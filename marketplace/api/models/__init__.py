"""The response models of the API; tests hold them equal to the columns and the responses.

Class names are the schema names of /openapi.json: clients generate code from them.
"""

from marketplace.api.models.base import ApiModel
from marketplace.api.models.change_models import Change, Changes
from marketplace.api.models.estimate_models import Estimate, EstimatedOffer, Need, UnrankedOffer
from marketplace.api.models.offer_models import (
    CachedInput,
    FacetCount,
    Model,
    ModelDetail,
    Models,
    Offer,
    Offers,
    Spread,
)
from marketplace.api.models.price_models import History, Interval, Price
from marketplace.api.models.proof_models import (
    CheckProof,
    ClaimProof,
    CostProof,
    OfferDetail,
    PriceProof,
    Proof,
)
from marketplace.api.models.provider_models import (
    ComplianceClaim,
    Provider,
    ProviderDetail,
    Providers,
)
from marketplace.api.models.recommend_models import (
    LeftOutOffer,
    LeftOutReason,
    Recommendation,
    RecommendedOffer,
    RouteCost,
    RoutedOffer,
)
from marketplace.api.models.status_models import (
    Export,
    Exports,
    Feed,
    Gap,
    Health,
    HeldOffer,
    Problem,
    Ready,
    Run,
    Status,
)

__all__ = [
    "ApiModel",
    "CachedInput",
    "Change",
    "Changes",
    "CheckProof",
    "ClaimProof",
    "ComplianceClaim",
    "CostProof",
    "Estimate",
    "EstimatedOffer",
    "Export",
    "Exports",
    "FacetCount",
    "Feed",
    "Gap",
    "Health",
    "HeldOffer",
    "History",
    "Interval",
    "LeftOutOffer",
    "LeftOutReason",
    "Model",
    "ModelDetail",
    "Models",
    "Need",
    "Offer",
    "OfferDetail",
    "Offers",
    "Price",
    "PriceProof",
    "Problem",
    "Proof",
    "Provider",
    "ProviderDetail",
    "Providers",
    "Ready",
    "Recommendation",
    "RecommendedOffer",
    "RouteCost",
    "RoutedOffer",
    "Run",
    "Spread",
    "Status",
    "UnrankedOffer",
]
