"""The rule `run-service-probes`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from policypack.model.run.probe import Probe
from policypack.model.run.service import RunService
from policypack.model.software.servers import ServerName, doubt_about, health_paths, servers_in
from policypack.model.values.logic import is_in, negation
from policypack.model.values.values import UNKNOWN, Unknown
from policypack.rule import Options, Range, rule
from policypack.verdict import Checks, Condition, Fail, Undecided, known
from policypack.wording import quoted

# https://cloud.google.com/run/docs/configuring/healthchecks: the longest time that a startup probe may grant, in
# seconds, without and with a GPU.
_LONGEST_WINDOW = 600
_LONGEST_WINDOW_WITH_GPU = 1800


@dataclass(frozen=True)
class RunProbeOptions(Options):
    """Options of `run-service-probes`.

    Attributes:
        allowed_paths: the paths that tell whether the server is ready, as those of `llm-backend-health-check`.
        min_startup_seconds: the minimum time that a container must be given to start, in seconds; Cloud Run's default
            is 240 (https://cloud.google.com/run/docs/configuring/healthchecks).
        min_liveness_seconds: the shortest accepted time without a response after which a container is killed, in
            seconds. 30 is the default of a liveness probe.
    """

    allowed_paths: tuple[str, ...] = ("/health",)
    min_startup_seconds: Annotated[int, Range(1, 1800)] = 240
    min_liveness_seconds: Annotated[int, Range(1, 3600)] = 30

    def problem(self) -> str | None:
        """Without a path no probe could pass."""
        return None if self.allowed_paths else "option `allowed_paths` is empty: name a path, such as `/health`"


@rule(
    title="Cloud Run probes the model server's health path",
    severity="high",
    level="mandatory",
    stage="stack",
    url="https://cloud.google.com/run/docs/configuring/healthchecks",
    applies=(
        Condition[RunService](
            lambda service: not service.is_function, "it is a function, which has no probes of its own", "template"
        ),
    ),
)
def run_service_probes(service: RunService, options: RunProbeOptions) -> Checks:
    """Probes of the model server's health path decide when a Cloud Run instance starts, serves and restarts.

    ## What it checks
    For the container that receives requests, which is the only one or the one with `ports`:

    - `startup_probe` and `readiness_probe` are set. Each is an HTTP probe on one of `allowed_paths`, or a gRPC probe.
    - The startup probe allows at least `min_startup_seconds`: `initial_delay_seconds` plus `failure_threshold` times
      `period_seconds`. Without the delay, it stays within Cloud Run's limit of 600 s, or 1800 s with a GPU.
    - A liveness probe fails for at least `min_liveness_seconds` before it restarts the instance.
    - No probe has a timeout above its period, or two kinds at once.

    ## Why it matters
    By default, Cloud Run considers a container started when its port opens, and ready from then on. Requests arrive
    while the model loads, and keep arriving when it cannot respond. The load balancer also relies on readiness probes
    to detect a dead region. A startup probe that gives up too early kills the server before the model is loaded, again
    and again.

    ## Applies to
    Cloud Run services of both API versions that serve an LLM backend service. Functions are exempt.

    ## Fails
    ```python
    import pulumi_gcp as gcp

    llm = gcp.cloudrunv2.Service(
        "chat",
        name="llm",
        location="us-central1",
        template={
            "containers": [
                {
                    "image": "vllm/vllm-openai:v0.9.1",
                    "startup_probe": {"tcp_socket": {"port": 8000}, "period_seconds": 10, "failure_threshold": 3},
                }
            ]
        },
    )
    neg = gcp.compute.RegionNetworkEndpointGroup("llm", region="us-central1", cloud_run={"service": llm.name})
    gcp.compute.BackendService("llm", load_balancing_scheme="EXTERNAL_MANAGED", backends=[{"group": neg.id}])
    ```

    ## Passes
    ```diff
                     "image": "vllm/vllm-openai:v0.9.1",
    -                "startup_probe": {"tcp_socket": {"port": 8000}, "period_seconds": 10, "failure_threshold": 3},
    +                "startup_probe": {
    +                    "http_get": {"path": "/health"},
    +                    "period_seconds": 10,
    +                    "failure_threshold": 60,
    +                },
    +                "readiness_probe": {"http_get": {"path": "/health"}},
                 }
    ```

    ## Undecided
    The verdict is undecided when:

    - a probe is computed;
    - it requests `/health`, and the container names Triton, LiteLLM or Ollama, which have other health paths;
    - several containers have `ports`, or none of several has;
    - traffic goes to a revision other than the described one;
    - `health_check_disabled` is set;
    - the startup probe allows more than 600 s, and it is not known whether the service has a GPU.

    Advice also shows as undecided: with `session_affinity`, clients stay with an instance whose readiness probe fails.
    """
    known(service.serves_its_template, "traffics", because="a revision other than the described one may serve")
    if service.deploys_unchecked is not False:
        yield Undecided("``health_check_disabled`` is set or not known", "template")
        return
    container = known(service.serving_container, "template", because="which container gets the requests")
    startup, readiness = container.probe("startupProbe"), container.probe("readinessProbe")
    servers = servers_in(container.start_up_texts)
    yield _is_on_health_path("startup_probe", startup, servers, options)
    yield _is_on_health_path("readiness_probe", readiness, servers, options)
    if isinstance(startup, Probe):
        yield _starts_in_time(service, startup, options)
    if service.keeps_sessions is True:
        why = (
            "with ``session_affinity`` clients stay with an instance even while its readiness probe fails; omit it "
            "unless you need that"
        )
        yield Undecided(why, "template")
    liveness = container.probe("livenessProbe")
    if liveness is UNKNOWN:
        yield Undecided("``liveness_probe`` is not known", "template")
    elif isinstance(liveness, Probe):
        yield _is_patient(liveness, options)
    for name, probe in (("startup_probe", startup), ("liveness_probe", liveness), ("readiness_probe", readiness)):
        if isinstance(probe, Probe):
            yield _has_time_for_an_answer(name, probe)


def _is_on_health_path(
    name: str, probe: Probe | Unknown | None, servers: tuple[ServerName, ...], options: RunProbeOptions
) -> Checks:
    required = _required(name, options)
    patience = ', "period_seconds": 10, "failure_threshold": 60' if name == "startup_probe" else ""
    path, also = _path_to_request(servers, options)
    fix = f'Set ``{name}={{"http_get": {{"path": "{path}"}}{patience}}}`` on the container{also}.'
    if probe is UNKNOWN:
        yield Undecided(f"``{name}`` is not known", "template")
    elif not isinstance(probe, Probe):
        default = ": Cloud Run waits until its port is open" if name == "startup_probe" else ""
        yield Fail(f"It has no ``{name}``{default}.", required, fix)
    else:
        yield _asks_in_one_way(name, probe, required, fix)
        yield _asks_the_server(name, probe, servers, options, fix)


def _required(name: str, options: RunProbeOptions) -> str:
    return f"An HTTP ``{name}`` on {quoted(options.allowed_paths)}, or a gRPC one."


def _path_to_request(servers: tuple[ServerName, ...], options: RunProbeOptions) -> tuple[str, str]:
    """A path that fits the server that the container names, and what has to be done besides for it to be accepted."""
    paths = health_paths(servers) if len(servers) == 1 else ()
    accepted = [path for path in paths if path in options.allowed_paths]
    if accepted or not paths:
        return (accepted or options.allowed_paths)[0], ""
    return paths[0], f" (it names {servers[0]}), and add `{paths[0]}` to the option `allowed_paths`"


def _asks_in_one_way(name: str, probe: Probe, required: str, fix: str) -> Checks:
    kinds = known(probe.kinds, "template", because=f"the kind of ``{name}`` decides")
    if len(kinds) > 1:
        yield Fail(f"Its ``{name}`` has {' and '.join(kinds)} at once, which Cloud Run rejects.", required, fix)
    elif kinds not in (("gRPC",), ("HTTP",)):
        yield Fail(f"Its ``{name}`` only checks that a port is open.", required, fix)


def _asks_the_server(
    name: str, probe: Probe, servers: tuple[ServerName, ...], options: RunProbeOptions, fix: str
) -> Checks:
    # What is wrong with the kinds is said already, and so is that they are not known.
    if is_in(probe.kinds, [("HTTP",)]) is not True:
        return
    path = known(probe.path, "template", because=f"the path of ``{name}`` decides")
    if path.partition("?")[0] not in options.allowed_paths:
        other = "; if the server's health path is another one, add it to the option `allowed_paths`"
        if path in health_paths(servers) and len(servers) == 1:
            fix = f"Add `{path}`, which is a health path of {servers[0]}, to the option `allowed_paths`."
        elif "`allowed_paths`" not in fix:
            fix = f"{fix[:-1]}{other}."
        yield Fail(f"Its ``{name}`` requests `{path}`.", _required(name, options), fix)
    elif doubt := doubt_about(path, servers, "its container"):
        yield Undecided(doubt, "template")


def _starts_in_time(service: RunService, probe: Probe, options: RunProbeOptions) -> Checks:
    threshold = known(probe.failure_threshold, "template", because="``failure_threshold`` of ``startup_probe`` decides")
    period = known(probe.period_seconds, "template", because="``period_seconds`` of ``startup_probe`` decides")
    delay = known(
        probe.initial_delay_seconds, "template", because="``initial_delay_seconds`` of ``startup_probe`` decides"
    )
    longest = f"{_LONGEST_WINDOW_WITH_GPU} s" if service.has_gpu is True else f"{_LONGEST_WINDOW} s"
    perhaps = f", or {_LONGEST_WINDOW_WITH_GPU} s with a GPU" if service.has_gpu is UNKNOWN else ""
    required = f"Between {options.min_startup_seconds} s and {longest}{perhaps}."
    fix = "Set ``period_seconds`` and ``failure_threshold`` so that their product covers the time to load the model."
    if delay + threshold * period < options.min_startup_seconds:
        yield Fail(f"Its startup probe gives up after {delay + threshold * period:g} s.", required, fix)
    elif threshold * period > _LONGEST_WINDOW_WITH_GPU:
        yield Fail(f"Its startup probe allows {threshold * period:g} s, more than Cloud Run supports.", required, fix)
    elif threshold * period > _LONGEST_WINDOW and negation(service.has_gpu) is not False:
        yield Undecided(f"{threshold * period:g} s to start are for services with a GPU, and it shows none", "template")


def _is_patient(probe: Probe, options: RunProbeOptions) -> Checks:
    threshold = known(
        probe.failure_threshold, "template", because="``failure_threshold`` of ``liveness_probe`` decides"
    )
    period = known(probe.period_seconds, "template", because="``period_seconds`` of ``liveness_probe`` decides")
    if threshold * period < options.min_liveness_seconds:
        yield Fail(
            f"Its liveness probe kills the container after {threshold * period:g} s without a response.",
            f"At least {options.min_liveness_seconds} s, so that a busy server is not killed.",
            "Raise ``period_seconds`` or ``failure_threshold`` of ``liveness_probe``.",
        )


def _has_time_for_an_answer(name: str, probe: Probe) -> Checks:
    timeout = known(probe.timeout_seconds, "template", because=f"``timeout_seconds`` of ``{name}`` decides")
    period = known(probe.period_seconds, "template", because=f"``period_seconds`` of ``{name}`` decides")
    if timeout > period:
        yield Fail(
            f"Its ``{name}`` has a timeout of {timeout:g} s and a period of {period:g} s, which Cloud Run rejects.",
            "A timeout no longer than the period.",
            f"Lower ``timeout_seconds`` of ``{name}``, or raise ``period_seconds``.",
        )
