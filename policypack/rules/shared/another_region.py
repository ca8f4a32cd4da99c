"""What to do so that a service has backends in another region."""

from __future__ import annotations

from typing import Final

from policypack.model.balancing.backend_service import BackendService
from policypack.model.balancing.group import GroupKind
from policypack.model.balancing.serving import drained_backends
from policypack.model.fleets.spare import misplaced_groups, spare_groups
from policypack.model.run.neg import leads_to_app_engine
from policypack.wording import quoted

# How to get one, by the kind of those that are there: kinds do not mix.
_IN_ANOTHER_REGION: Final = {
    GroupKind.INSTANCE_GROUP: "Add a backend in another region to `backends`, such as a `RegionInstanceGroupManager` "
    "there, with a named port, an autoscaler and autohealing of its own.",
    GroupKind.ZONAL_NEG: "Add a zonal NEG (`NetworkEndpointGroup`) in a zone of another region to `backends`, with "
    "servers there.",
    GroupKind.HYBRID_NEG: "Add a hybrid NEG (`NetworkEndpointGroup`) in a zone of another region to `backends`, with "
    "servers near it.",
    GroupKind.SERVERLESS_NEG: "Also deploy the serverless service in another region, and add a serverless NEG "
    "(`RegionNetworkEndpointGroup`) for it there to `backends`.",
    GroupKind.PRIVATE_SERVICE_CONNECT_NEG: "Add a Private Service Connect NEG (`RegionNetworkEndpointGroup`) in "
    "another region to `backends`, for a service attachment published there.",
}
# "You cannot change an app's region", and a project has one app: https://cloud.google.com/appengine/docs/locations.
# A service takes serverless NEGs of one product: https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts
FROM_APP_ENGINE: Final = (
    "Deploy what the App Engine app serves as Cloud Run services in two regions or more, and use serverless NEGs "
    "(`RegionNetworkEndpointGroup`) for those as the backends of a global service: an App Engine app stays in its one "
    "region."
)
_ANY_KIND: Final = "Add a backend of the same kind in another region to `backends`."


def how_to_reach_another(service: BackendService, min_regions: int) -> str:
    """What to do with a global service whose backends are in less than `min_regions` regions: the easiest comes first.

    A drained backend may be all that is missing, a group in the wrong region, or one that no service uses. For App
    Engine there is nothing as easy.
    """
    drained = drained_backends(service)
    if drained and service.regions.reaches(min_regions) is not False:
        names = quoted(backend.label for backend in drained)
        return f"Set the ``capacity_scaler`` of {names} above 0 (0.1 to 1): a drained backend gets no requests."
    if leads_to_app_engine(service):
        return FROM_APP_ENGINE
    for group, region in misplaced_groups(service)[:1]:
        return f"Create `{group.name}` in `{region}`, as its name says: it is in `{group.region}`."
    for group in spare_groups(service)[:1]:
        return f"Add `{group.name}` in `{group.region}`, which no service uses, to `backends`."
    kinds = {kind for group in service.groups for kind in group.kinds} or service.kinds
    return _IN_ANOTHER_REGION.get(next(iter(kinds)), _ANY_KIND) if len(kinds) == 1 else _ANY_KIND
