"""What stacks hold beside LLM backends and no rule reads, as entries of a state."""

from __future__ import annotations

from typing import Any, Final

from .entries import PROJECT, Entry, entry, unset

_LABELS: Final = {"cost-center": "4711", "managed-by": "pulumi", "team": "platform", "tier": "production"}


def others(name: str) -> list[Entry]:
    """One resource of each kind, in the order of how often stacks have them."""
    return [
        _member(name),
        _record(name),
        _secret(name),
        _bucket(name),
        _account(name),
        _cloud_run(name),
        _topic(name),
        _database(name),
    ]


def _member(name: str) -> Entry:
    inputs = {
        "member": f"serviceAccount:{name}@{PROJECT}.iam.gserviceaccount.com",
        "project": PROJECT,
        "role": "roles/storage.objectViewer",
    }
    path = f"{PROJECT}/roles/storage.objectViewer/serviceAccount:{name}"
    return entry("gcp:projects/iAMMember:IAMMember", name, path, inputs, {"condition": None, "etag": "BwYh2OWWbEg="})


def _record(name: str) -> Entry:
    inputs = {
        "name": f"{name}.models.example.com.",
        "managedZone": "models",
        "rrdatas": ["203.0.113.10", "203.0.113.11"],
        "ttl": 300,
        "type": "A",
    }
    path = f"projects/{PROJECT}/managedZones/models/rrsets/{name}/A"
    return entry("gcp:dns/recordSet:RecordSet", name, path, inputs, {"routingPolicy": None})


def _secret(name: str) -> Entry:
    inputs = {
        "labels": _LABELS,
        "replication": {"userManaged": {"replicas": [{"location": "us-central1"}, {"location": "europe-west4"}]}},
        "secretId": name,
    }
    outputs = {
        **unset("annotations", "customerManagedEncryption", "rotation", "tags", "topics", "versionAliases"),
        **{"createTime": "2026-11-23T00:00:00Z", "effectiveLabels": _LABELS, "pulumiLabels": _LABELS},
        **{"deletionProtection": False, "expireTime": "", "versionDestroyTtl": ""},
    }
    return entry("gcp:secretmanager/secret:Secret", name, f"projects/{PROJECT}/secrets/{name}", inputs, outputs)


def _bucket(name: str) -> Entry:
    rule = {"action": {"storageClass": "NEARLINE", "type": "SetStorageClass"}, "condition": {"age": 30}}
    inputs = {
        "name": name,
        "labels": _LABELS,
        "lifecycleRules": [rule, {"action": {"type": "Delete"}, "condition": {"age": 365, "withState": "ARCHIVED"}}],
        "location": "US",
        "publicAccessPrevention": "enforced",
        "uniformBucketLevelAccess": True,
        "versioning": {"enabled": True},
    }
    filled = {"createdBefore": "", "matchesPrefixes": [], "matchesStorageClasses": [], "numNewerVersions": 0}
    outputs = {
        **unset("autoclass", "cors", "customPlacementConfig", "encryption", "hierarchicalNamespace", "ipFilter"),
        **unset("logging", "retentionPolicy", "website"),
        "lifecycleRules": [{**rule, "condition": {**filled, "age": age}} for age in (30, 365)],
        **{
            "defaultEventBasedHold": False,
            "effectiveLabels": _LABELS,
            "enableObjectRetention": False,
            "rpo": "DEFAULT",
        },
        **{
            "pulumiLabels": _LABELS,
            "selfLink": f"https://www.googleapis.com/storage/v1/b/{name}",
            "url": f"gs://{name}",
        },
        **{
            "projectNumber": 123456789012,
            "requesterPays": False,
            "softDeletePolicy": {"retentionDurationSeconds": 604800},
        },
    }
    return entry("gcp:storage/bucket:Bucket", name, name, inputs, outputs)


def _account(name: str) -> Entry:
    email = f"{name}@{PROJECT}.iam.gserviceaccount.com"
    inputs = {"accountId": name, "displayName": f"The service account of {name}"}
    outputs = {
        "disabled": False,
        "email": email,
        "member": f"serviceAccount:{email}",
        "uniqueId": "104857600000000000000",
    }
    path = f"projects/{PROJECT}/serviceAccounts/{email}"
    return entry("gcp:serviceaccount/account:Account", name, path, inputs, outputs)


def _cloud_run(name: str) -> Entry:
    image = f"us-docker.pkg.dev/{PROJECT}/services/{name}@sha256:{'0123456789abcdef' * 4}"
    variables = [{"name": f"SETTING_{number}", "value": f"value-{number}"} for number in range(8)]
    limits = {"cpuIdle": True, "limits": {"cpu": "1000m", "memory": "512Mi"}, "startupCpuBoost": False}
    probe = {"failureThreshold": 3, "httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 10}
    container = {"envs": variables, "image": image, "ports": {"containerPort": 8080}, "resources": limits}
    inputs: dict[str, Any] = {
        "name": name,
        "ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
        "labels": _LABELS,
        "location": "us-central1",
        "template": {
            "containers": [{**container, "startupProbe": probe}],
            "scaling": {"maxInstanceCount": 20, "minInstanceCount": 1},
            "serviceAccount": f"{name}@{PROJECT}.iam.gserviceaccount.com",
            "vpcAccess": {"egress": "PRIVATE_RANGES_ONLY", "networkInterfaces": [{"subnetwork": "services"}]},
        },
    }
    outputs = {
        **unset("annotations", "binaryAuthorization", "buildConfig", "client", "clientVersion", "multiRegionSettings"),
        **{
            "conditions": [
                {"lastTransitionTime": "2026-11-23T00:00:00Z", "state": "CONDITION_SUCCEEDED", "type": kind}
                for kind in ("RoutesReady", "ConfigurationsReady")
            ]
        },
        **{"effectiveLabels": _LABELS, "etag": "CIDhoLkGEOjA", "generation": "4", "pulumiLabels": _LABELS},
        **{"latestReadyRevision": f"{name}-00004-abc", "uri": f"https://{name}-abcdefghij-uc.a.run.app"},
        "traffics": [{"percent": 100, "revision": "", "tag": "", "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"}],
    }
    path = f"projects/{PROJECT}/locations/us-central1/services/{name}"
    return entry("gcp:cloudrunv2/service:Service", name, path, inputs, outputs)


def _topic(name: str) -> Entry:
    inputs = {"name": name, "labels": _LABELS, "messageRetentionDuration": "86600s"}
    outputs = {
        **unset("ingestionDataSourceSettings", "messageTransforms", "schemaSettings", "tags"),
        **{"effectiveLabels": _LABELS, "kmsKeyName": "", "pulumiLabels": _LABELS},
        "messageStoragePolicy": {"allowedPersistenceRegions": ["us-central1", "europe-west4"]},
    }
    return entry("gcp:pubsub/topic:Topic", name, f"projects/{PROJECT}/topics/{name}", inputs, outputs)


def _database(name: str) -> Entry:
    backup = {
        "enabled": True,
        "pointInTimeRecoveryEnabled": True,
        "startTime": "03:00",
        "transactionLogRetentionDays": 7,
    }
    flags = [{"name": flag, "value": "on"} for flag in ("log_checkpoints", "log_connections", "log_disconnections")]
    settings = {
        "availabilityType": "REGIONAL",
        "backupConfiguration": backup,
        "databaseFlags": flags,
        "diskSize": 100,
        "diskType": "PD_SSD",
        "insightsConfig": {"queryInsightsEnabled": True, "queryStringLength": 1024, "recordApplicationTags": True},
        "ipConfiguration": {"ipv4Enabled": False, "privateNetwork": f"projects/{PROJECT}/global/networks/services"},
        "maintenanceWindow": {"day": 7, "hour": 4, "updateTrack": "stable"},
        "tier": "db-custom-4-16384",
        "userLabels": _LABELS,
    }
    inputs = {
        "name": name,
        "databaseVersion": "POSTGRES_16",
        "deletionProtection": True,
        "region": "us-central1",
        "settings": settings,
    }
    more = {
        "activationPolicy": "ALWAYS",
        "collation": "",
        "diskAutoresize": True,
        "edition": "ENTERPRISE",
        "version": 12,
    }
    outputs = {
        **unset("clone", "replicaConfiguration", "restoreBackupContext", "rootPassword"),
        **{"availableMaintenanceVersions": [], "connectionName": f"{PROJECT}:us-central1:{name}", "dnsName": ""},
        **{"firstIpAddress": "10.0.0.5", "instanceType": "CLOUD_SQL_INSTANCE", "privateIpAddress": "10.0.0.5"},
        "ipAddresses": [{"ipAddress": "10.0.0.5", "timeToRetire": "", "type": "PRIVATE"}],
        "serverCaCerts": [
            {"cert": "MIIDfzCCAmegAwIBAgIBADANBgkqhkiG9w0BAQsFADB3" * 12, "commonName": "", "sha1Fingerprint": ""}
        ],
        "settings": {**settings, **more},
    }
    return entry(
        "gcp:sql/databaseInstance:DatabaseInstance", name, f"projects/{PROJECT}/instances/{name}", inputs, outputs
    )
