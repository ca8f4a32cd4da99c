"""Broken files of stacks, and broken values that are like right ones: what is changed, and what is said of it."""

from __future__ import annotations

from typing import Any

from tests.reference_stack.config.broken import Row

# What is changed in the text of Pulumi.dev.yaml, and how what is said of it begins, by line.
Edit = tuple[str, str]
DISK, NAME, EAST = "    disk_gb: 50\n", "    name: qwen3-4b\n", "    us-east1: {"
ALL = ("regions", "machine", "model", "traffic", "frontend", "operations")
NOT_YAML: dict[str, tuple[Edit, str]] = {
    "an open bracket": (("us-central1-c], ", "us-central1-c, "), "in line 7, column 124: "),
    "a tab": (("    type: e2", "\ttype: e2"), "in line 10, column 1: "),
    "a section twice": (
        ("  llm-reference:model:", "  llm-reference:machine: {}\n  llm-reference:model:"),
        "in line 12, column 3: the key `llm-reference:machine` appears twice",
    ),
    "a key twice": ((DISK, 2 * DISK), "in line 12, column 5: the key `disk_gb` appears twice"),
    "a key twice in a line": (("{cidr", "{cidr: x, cidr"), "in line 7, column 28: the key `cidr` appears twice"),
    "config twice": (("config:\n", "config: {}\nconfig:\n"), "in line 5, column 1: the key `config` appears twice"),
    "an alias of nothing": ((DISK, "    disk_gb: *x\n"), "in line 11, column 14: found undefined alias"),
    "an alias of what it is in": (
        ("llm-reference:machine:\n", "llm-reference:machine: &m\n    gpu: *m\n"),
        "in line 10, column 10: found an alias of a node that contains it",
    ),
    "an alias in its own list": ((DISK, "    disk_gb: &d [[*d]]\n"), "in line 11, column 19: found an alias of"),
    "half a character": ((NAME, '    name: "a\\ud800"\n'), "in line 14, column 11: found half of a surrogate pair"),
    "half a character in a key": ((EAST, '    "\\udfff": {'), "in line 8, column 5: found half of a surrogate pair"),
    "two documents": (("config:", "a: 1\n---\nconfig:"), "in line 5, column 1: but found another document"),
    "an object of Python": ((DISK, "    disk_gb: !!python/name:os.system x\n"), "in line 11, column 14: could not"),
    "a tag": ((DISK, "    disk_gb: !size 50\n"), "in line 11, column 14: could not determine a constructor"),
    "a list as a key": ((DISK, f"{DISK}    ? [a]\n    : x\n"), "in line 12, column 7: found unhashable key"),
    "no space after a colon": ((DISK, "    disk_gb:50\n"), "in line 12, column 3: could not find expected ':'"),
    "a NUL": ((NAME, "    name: a\0b\n"), "unacceptable character #x0000"),
    "more digits than Python reads": ((DISK, f"    disk_gb: {5000 * '9'}\n"), "Exceeds the limit"),
    "5000 lists in each other": ((DISK, f"    disk_gb: {5000 * '['}\n"), "nested too deeply"),
}
REFUSED_FILES: dict[str, tuple[Edit, list[str]]] = {
    "a merged mistake": (
        ("max_replicas: 4}\n    us-east1: {", "max_replicas: x}\n    us-east1: {<<: {max_replicas: y}, a: 1, "),
        ["7: regions.us-central1.max_replicas: is `x`", "8: regions.us-east1.a: is not a key"],
    ),
    "the prefix of another project": (
        ("llm-reference:machine:", "llm-refrence:machine:"),
        ["9: llm-refrence:machine: is of another project. Write llm-reference:machine."],
    ),
    "a dot for the colon": (
        ("llm-reference:machine:", "llm-reference.machine:"),
        ["9: llm-reference.machine: is not a key", " machine: is missing. Set its keys: type, disk_gb"],
    ),
    "a path as a key": (
        ("  llm-reference:machine:", "  llm-reference:machine.disk_gb: 60\n  llm-reference:machine:"),
        ["9: machine.disk_gb: is a path. Write disk_gb below machine, as `pulumi config set --path` does."],
    ),
    "no space in braces": (
        ("{cidr: 10.10.0.0/24", "{cidr:10.10.0.0/24"),
        [
            "7: regions.us-central1.cidr:10.10.0.0/24: has no space after its colon. Write cidr: 10.10.0.0/24.",
            "7: regions.us-central1.cidr: is missing.",
        ],
    ),
    "no project": (("  gcp:project: my-llm-project\n", ""), [" gcp:project: is missing. Set it, with `pulumi config"]),
    "a number for the project": (("my-llm-project", "123456789012"), ["5: gcp:project: `123456789012` cannot be"]),
    "a section without its indent": (
        ("    type: e2-standard-4\n    disk_gb", "  type: e2-standard-4\n  disk_gb"),
        ["9: machine: is missing. Set its keys", "10: type: is a key of machine. Move", "11: disk_gb: is a key of"],
    ),
    "a section that is a text": (
        ("llm-reference:machine:\n", "llm-reference:machine: |\n"),
        ["9: machine: is `type: e2-standard-4\\ndisk_gb: 50\\n`, not a mapping."],
    ),
    "300 lists in each other": (
        (DISK, f"    disk_gb: {300 * '['}{300 * ']'}\n"),
        ["9: machine: is nested too deeply"],
    ),
    "a list for a mapping": (
        ("    type: e2-standard-4\n    disk_gb", "    - type: e2-standard-4\n    - disk_gb"),
        ["9: machine: is a list, not a mapping."],
    ),
    "a region without anything": (
        ("    us-east1: {", "    us-west1:\n    us-east1: {"),
        ["8: regions.us-west1: is missing. Set its keys: cidr, zones"],
    ),
    "a number as a region": ((EAST, "    5: {"), ["8: regions.5: is not the name of a region."]),
    "an emoji as a region": ((EAST, "    🚀: {"), ["8: regions.🚀: is not the name of a region."]),
    "a word that was a boolean": (("protect: false", "protect: off"), ["33: operations.protect: is `off`, not true"]),
    "a boolean in quotes": (("protect: false", "protect: 'false'"), ["33: operations.protect: is `false`, not true"]),
    "a date as a key": ((NAME, f"{NAME}    2026-01-01: x\n"), ["15: model.2026-01-01: is not a key"]),
    "minutes": ((DISK, "    disk_gb: 1:30\n"), ["11: machine.disk_gb: is `1:30`, not a whole number."]),
    "a line break": ((NAME, '    name: "a\\nb"\n'), ["14: model.name: `a\\nb` is not made of"]),
    "a very long text": (
        (DISK, f"    disk_gb: {3000 * 'x'}\n"),
        [f"11: machine.disk_gb: is `{99 * 'x'}"],
    ),
}
BUILT_FILES: dict[str, Edit] = {
    "an anchor": (
        "min_replicas: 2, max_replicas: 4}\n    us-east1: {",
        "min_replicas: 2, max_replicas: &n 4}\n    us-east1: {",
    ),
    "an alias": (
        f"{EAST}cidr: 10.10.1.0/24, zones: [us-east1-b, us-east1-c, us-east1-d], min_replicas: 2, max_replicas: 4}}",
        f"{EAST}cidr: 10.10.1.0/24, zones: [us-east1-b, us-east1-c], min_replicas: &n 2, max_replicas: *n}}",
    ),
    "a merge": (EAST, f"{EAST}<<: {{max_replicas: 9}}, "),
    "the long form of a key": ("llm-reference:machine:", "llm-reference:config:machine:"),
    "a key without the project": ("llm-reference:machine:", "machine:"),
    "keys of packages": ("config:\n", "config:\n  gcp:region: us-central1\n  gcp:zone: us-central1-a\n"),
    "hexadecimal": (DISK, "    disk_gb: 0x32\n"),
}
FILES_WITHOUT_CONFIGURATION = {
    "missing": None,
    "empty": "",
    "a comment": "# nothing\n",
    "no config": "encryptionsalt: v1:x\n",
    "config without value": "config:\n",
}

MORE: list[Row] = [
    *(
        ("dev", {"machine/type": machine_type}, {"machine.type": fix})
        for machine_type, fix in (
            ("t2d-highcpu-8", "Write c2d-highcpu-8"),
            ("t2a-highmem-4", "Write e2-highmem-4"),
            ("c2-highcpu-4", "Write c2d-highcpu-4"),
            ("c2-standard-5", "Write c2-standard-4 or c2-standard-8 or c2-standard-16"),
            ("c2d-standard-113", "Write c2d-standard-2"),
            ("e2-standard-04", "Write e2-standard-2"),
            ("e2-standard-4-lssd", "If it is newer"),
            ("c2-custom-4-8192", "If it is newer"),
            ("t2d-custom-4-8192", "If it is newer"),
            ("c3-custom-4-8192", "If it is newer"),
        )
    ),
    ("prod", {"model/image": "https://docker.io/x@sha256:" + 64 * "a"}, {"model.image": "Write it in front, without"}),
    ("prod", {"model/image": "reg.corp.com:5000/x@sha256:" + 64 * "a"}, {"model.image": "Write it in front, without"}),
    ("prod", {"model/image": "docker..io/x@sha256:" + 64 * "a"}, {"model.image": "Write it in front, without"}),
    ("prod", {"model/image": "-docker.io/x@sha256:" + 64 * "a"}, {"model.image": "Write it in front, without"}),
    ("prod", {"model/weights": 300 * "a"}, {"model.weights": "Write one like model/v1"}),
    ("prod", {"model/weights": "a b"}, {"model.weights": "Write one like model/v1"}),
    ("prod", {"model/weights": "a/../b"}, {"model.weights": "Write one like model/v1"}),
    ("prod", {"model/name": "--help"}, {"model.name": "Leave out the rest"}),
    ("prod", {"model/name": 300 * "a"}, {"model.name": "Leave out the rest"}),
    ("prod", {"model/load_seconds": 86401}, {"model.load_seconds": "Get it to 3000 s"}),
    ("prod", {"model/load_seconds": 9}, {"model.load_seconds": "Give 10 or more"}),
    ("prod", {"model/arguments": ["--x "]}, {"model.arguments[0]": "Write --x"}),
    *(
        ("prod", {"model/arguments": [flag]}, {"model.arguments[0]": "Remove it"})
        for flag in ("--api_key", "--served_model_name=x", "--uds", "--root-path", "--ssl-keyfile", "--ssl-certfile")
    ),
    *(
        ("dev", {"model/arguments": [flag]}, {"model.arguments[0]": "Remove it"})
        for flag in ("--api-key-file", "--api-prefix", "--ssl-key-file", "-hf", "--model-url", "-mu", "-a")
    ),
    ("prod", {"machine/secure_boot": False, "machine/secure_boot_reason": " "}, {"machine.secure_boot": "Say in"}),
    (
        "internal",
        {"regions/europe-west1/proxy_cidr": None},
        {"regions.europe-west1.proxy_cidr": "Give a /26 or larger"},
    ),
    ("dev", {"regions/us-east1/cidr": "10.10.1.0/255.255.255.0"}, {"regions.us-east1.cidr": "Write 10.10.1.0/24"}),
    ("dev", {"regions/us-east1/cidr": "10.10.1.0/024"}, {"regions.us-east1.cidr": "Write 10.10.1.0/24"}),
    ("dev", {"operations/project_number": 0}, {"operations.project_number": "Give 1 or more"}),
    ("prod", {"operations/alert_emails": [5]}, {"operations.alert_emails[0]": "Give a text"}),
    *(
        ("prod", {"operations/alert_emails": [mail]}, {"operations.alert_emails[0]": "Write one like"})
        for mail in ("a@b..com", "mailto:a@b.com", "Ann <a@b.com>", "a@b.com,c@d.com", "a@-b.com")
    ),
    ("prod", {"frontend/client_ranges": "*"}, {"frontend.client_ranges": "Write a list"}),
    *(
        ("prod", {"frontend/client_ranges": [value]}, {"frontend.client_ranges[0]": fix})
        for value, fix in (
            ("0.0.0.0/0", "Write `*` alone"),
            ("::/0", "Write `*` alone"),
            ("1.2.3.0/255.255.255.0", "Write 1.2.3.0/24"),
            ("fe80::1%eth0", "Give ranges like"),
        )
    ),
    *(
        ("prod", {"frontend/iap_members": [value]}, {"frontend.iap_members[0]": fix})
        for value, fix in (
            ("principalSet://goog/public:all", "Name users"),
            ("user:a@b..com", "Write user:ann"),
            ("domain:*", "Write user:ann"),
            ("domain:b..com", "Write user:ann"),
        )
    ),
]
MORE_BUILT: list[tuple[str, dict[str, Any]]] = [
    *(
        ("dev", {"machine/type": machine_type})
        for machine_type in (
            "c2-standard-30",
            "c2d-highmem-112",
            "c3-standard-22-lssd",
            "n4-custom-4-8192",
            "t2d-standard-60",
        )
    ),
    ("prod", {"machine/type": "g4-standard-48", "machine/gpu/type": "nvidia-rtx-pro-6000"}),
    ("prod", {"model/arguments": ["--x=a ", "--tensor_parallel_size=1", "--api-server-count=1"]}),
    ("prod", {"frontend/client_ranges": ["1.2.3.4/32", "::1"]}),
    ("prod", {"operations/alert_emails": ["A.b+c@x-y.co.uk"]}),
    ("prod", {"operations/project_number": 123456789012}),
]
