"""SSL policies, global and regional: https://cloud.google.com/load-balancing/docs/ssl-policies-concepts."""

from __future__ import annotations

from typing import Final

from policypack.model.graph.tokens import SSL_POLICY_TYPES
from policypack.model.graph.view import View
from policypack.model.values.logic import is_in, known_in, when_known
from policypack.model.values.values import UNKNOWN, Unknown

_DEFAULT_PROFILE: Final = "COMPATIBLE"
_DEFAULT_TLS: Final = "TLS_1_0"
TLS_VERSIONS: Final = ("TLS_1_0", "TLS_1_1", "TLS_1_2", "TLS_1_3")
# Cipher suites without forward secrecy or with 3DES, which CIS recommendation 3.9 lists.
WEAK_CIPHERS: Final = (
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
)


class SslPolicy(View):
    """An SSL policy: what a proxy negotiates with clients."""

    TYPES = SSL_POLICY_TYPES

    @property
    def profile(self) -> str | Unknown:
        """`COMPATIBLE`, `MODERN`, `RESTRICTED`, `CUSTOM` or `FIPS_202205`."""
        return self.resource.asked.string("profile", default=_DEFAULT_PROFILE)

    @property
    def features(self) -> list[str | Unknown] | Unknown:
        """The cipher suites of the `CUSTOM` profile."""
        return self.resource.asked.strings("customFeatures")

    @property
    def weak_features(self) -> tuple[str, ...]:
        return tuple(name for name in WEAK_CIPHERS if name in known_in(self.features))

    @property
    def has_known_features(self) -> bool:
        return not isinstance(self.features, Unknown) and all(isinstance(one, str) for one in self.features)

    def allows_before(self, version: str) -> bool | Unknown:
        """Whether a client can negotiate a version of TLS before this one, such as `TLS_1_2`.

        `RESTRICTED`, and custom suites with authenticated encryption alone, exist from TLS 1.2 on, whatever
        `minTlsVersion` says: https://cloud.google.com/load-balancing/docs/ssl-policies-concepts
        """
        lowest = self.min_tls if is_in(self.min_tls, TLS_VERSIONS) is True else UNKNOWN
        if isinstance(lowest, str) and lowest >= version:
            return False
        if version <= "TLS_1_2" and self._rules_out_before_tls_1_2 is not False:
            return False if self._rules_out_before_tls_1_2 is True else UNKNOWN
        return when_known(lowest, lambda _: True)

    @property
    def min_tls(self) -> str | Unknown:
        return self.resource.asked.string("minTlsVersion", default=_DEFAULT_TLS)

    @property
    def _rules_out_before_tls_1_2(self) -> bool | Unknown:
        if isinstance(self.profile, Unknown) or self.profile != "CUSTOM":
            return when_known(self.profile, lambda profile: profile == "RESTRICTED")
        features = known_in(self.features)
        is_modern_only = bool(features) and all("GCM" in one or "CHACHA20" in one for one in features)
        return is_modern_only if self.has_known_features else UNKNOWN
