"""How a run is to judge: a configuration file, and what a command says besides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from policypack.config.files import ConfigFile, read_config_file
from policypack.config.options import default_settings, only, strict, with_services
from policypack.config.profiles import PROFILES, ProfileName
from policypack.config.terms import Severity
from policypack.rule import AnyRule


@dataclass(frozen=True)
class Choice:
    """How a run is to judge.

    Attributes:
        policy_config: a file with levels and options; where it says nothing, and without one, the profile holds.
        profile: the name of the profile.
        services: globs on the logical names of the backend services to judge, in place of `services.names` in every
            rule; without any these count.
        is_strict: what is undecided counts as violated, in every rule.
        rules: globs on the names of the rules to judge by; all without any.
        skipped: globs on the names of the rules to leave out.
        severity: the least severity of the rules to judge by.
    """

    policy_config: Path | None = None
    profile: ProfileName = "recommended"
    services: tuple[str, ...] = ()
    is_strict: bool = False
    rules: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    severity: Severity | None = None

    def read(self, rules: Iterable[AnyRule]) -> ConfigFile:
        """The settings of all rules, with what there is to say of the file.

        Raises:
            ConfigurationError: the file cannot be read or is wrong, or the choice leaves no rule.
        """
        rules = list(rules)
        profile = PROFILES[self.profile]
        if self.policy_config:
            file = read_config_file(self.policy_config, rules, profile)
        else:
            file = ConfigFile(default_settings(rules, profile))
        settings = only(file.settings, rules, named=self.rules, skipped=self.skipped, severity=self.severity)
        settings = with_services(settings, self.services) if self.services else settings
        return file._replace(settings=strict(settings) if self.is_strict else settings)
