"""Where Google Cloud's regions are, and which is nearest to which."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Final

_EARTH_RADIUS_KM: Final = 6371.0

# Latitude and longitude in degrees of the place that Google names for each region, to about a tenth of a degree.
# https://cloud.google.com/compute/docs/regions-zones#available
_PLACES: Final[dict[str, tuple[float, float]]] = {
    "africa-south1": (-26.2, 28.0),  # Johannesburg, South Africa
    "asia-east1": (24.1, 120.5),  # Changhua County, Taiwan
    "asia-east2": (22.3, 114.2),  # Hong Kong
    "asia-northeast1": (35.7, 139.7),  # Tokyo, Japan
    "asia-northeast2": (34.7, 135.5),  # Osaka, Japan
    "asia-northeast3": (37.6, 127.0),  # Seoul, South Korea
    "asia-south1": (19.1, 72.9),  # Mumbai, India
    "asia-south2": (28.7, 77.1),  # Delhi, India
    "asia-southeast1": (1.3, 103.7),  # Jurong West, Singapore
    "asia-southeast2": (-6.2, 106.8),  # Jakarta, Indonesia
    "asia-southeast3": (13.8, 100.5),  # Bangkok, Thailand
    "australia-southeast1": (-33.9, 151.2),  # Sydney, Australia
    "australia-southeast2": (-37.8, 145.0),  # Melbourne, Australia
    "europe-central2": (52.2, 21.0),  # Warsaw, Poland
    "europe-north1": (60.6, 27.2),  # Hamina, Finland
    "europe-north2": (59.3, 18.1),  # Stockholm, Sweden
    "europe-southwest1": (40.4, -3.7),  # Madrid, Spain
    "europe-west1": (50.4, 3.8),  # St. Ghislain, Belgium
    "europe-west2": (51.5, -0.1),  # London, England
    "europe-west3": (50.1, 8.7),  # Frankfurt, Germany
    "europe-west4": (53.4, 6.8),  # Eemshaven, Netherlands
    "europe-west6": (47.4, 8.5),  # Zurich, Switzerland
    "europe-west8": (45.5, 9.2),  # Milan, Italy
    "europe-west9": (48.9, 2.4),  # Paris, France
    "europe-west10": (52.5, 13.4),  # Berlin, Germany
    "europe-west12": (45.1, 7.7),  # Turin, Italy
    "me-central1": (25.3, 51.5),  # Doha, Qatar
    "me-central2": (26.4, 50.1),  # Dammam, Saudi Arabia
    "me-west1": (32.1, 34.8),  # Tel Aviv, Israel
    "northamerica-northeast1": (45.5, -73.6),  # Montreal, Quebec
    "northamerica-northeast2": (43.7, -79.4),  # Toronto, Ontario
    "northamerica-south1": (20.6, -100.4),  # Queretaro, Mexico
    "southamerica-east1": (-23.5, -46.8),  # Osasco, Sao Paulo, Brazil
    "southamerica-west1": (-33.4, -70.7),  # Santiago, Chile
    "us-central1": (41.3, -95.9),  # Council Bluffs, Iowa
    "us-east1": (33.2, -80.0),  # Moncks Corner, South Carolina
    "us-east4": (39.0, -77.5),  # Ashburn, Virginia
    "us-east5": (40.0, -83.0),  # Columbus, Ohio
    "us-south1": (32.8, -96.8),  # Dallas, Texas
    "us-west1": (45.6, -121.2),  # The Dalles, Oregon
    "us-west2": (34.1, -118.2),  # Los Angeles, California
    "us-west3": (40.8, -111.9),  # Salt Lake City, Utah
    "us-west4": (36.2, -115.1),  # Las Vegas, Nevada
}


def nearest_first(region: str, others: Collection[str]) -> tuple[str, ...] | None:
    """Regions by their great-circle distance from one of them, which comes first if it is among them.

    An estimate: what counts for a load balancer is distance in the network, which Google does not publish.

    Returns:
        The regions in order; `None` if the place of one of them is not known, such as that of a new region.
    """
    if len(others) == 1:
        return tuple(others)
    if not _PLACES.keys() >= {region, *others}:
        return None
    return tuple(sorted(others, key=lambda other: (distance_km(region, other), other)))


def distance_km(region: str, other: str) -> float:
    """The great-circle distance of two regions in kilometers, by the haversine formula.

    Raises:
        KeyError: the place of one of them is not known.
    """
    (lat, long), (other_lat, other_long) = (tuple(map(math.radians, _PLACES[name])) for name in (region, other))
    chord = (
        math.sin((other_lat - lat) / 2) ** 2
        + math.cos(lat) * math.cos(other_lat) * math.sin((other_long - long) / 2) ** 2
    )
    return 2 * _EARTH_RADIUS_KM * math.asin(math.sqrt(chord))


def places_unknown(regions: Collection[str]) -> tuple[str, ...]:
    """Those of the regions whose places are not known, ordered by name."""
    return tuple(sorted(set(regions) - _PLACES.keys()))
