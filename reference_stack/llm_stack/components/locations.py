"""Where things are that are not kept in each region."""

MULTI_REGIONS = {"us": "US", "europe": "EU", "asia": "ASIA"}
"""What Cloud Storage calls the multi-regions of Artifact Registry and Cloud KMS."""
