"""The sidecar's manifest for Kubernetes, played by podman: with its users, confinement, mounts and commands."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from podman import PROJECT, podman, until

MANIFESTS = Path(__file__).parent / "kubernetes"
COLLECTOR = f"{PROJECT}-pod-0-xmlprom"
FILES = ["store.prom", "store.status.prom"]


def load(name: str) -> Any:
    document = yaml.safe_load((MANIFESTS / name).read_text())
    document["metadata"]["name"] = PROJECT
    return document


def collector(deployment: Any) -> Any:
    return deployment["spec"]["template"]["spec"]["containers"][1]


def execute(command: list[str]) -> subprocess.CompletedProcess[str]:
    return podman("exec", COLLECTOR, *command, ok=False)


@pytest.fixture(scope="module")
def textfile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node's directory, made as docs/kubernetes.md says."""
    made = tmp_path_factory.mktemp("node") / "textfile"
    made.mkdir(mode=0o755)
    user = ["--user", "0", "--network", "none", "--volume", f"{made}:/made:z", "--entrypoint", "chown"]
    podman("run", "--rm", *user, os.environ["XMLPROM_IMAGE"], "65532:65532", "/made")
    return made


@pytest.fixture(scope="module", autouse=True)
def deployment(textfile: Path) -> Iterator[Any]:
    """The Deployment, with this machine's names in place of the cluster's, while it runs."""
    mapping, deployment = load("mapping.yml"), load("sidecar.yml")
    pod = deployment["spec"]["template"]["spec"]
    for container in pod["containers"]:
        container["image"] = os.environ["XMLPROM_IMAGE"]
    for volume in pod["volumes"]:
        if "configMap" in volume:
            volume["configMap"]["name"] = PROJECT
        if "hostPath" in volume:
            volume["hostPath"]["path"] = str(textfile)
    for name, document in (("mapping.yml", mapping), ("sidecar.yml", deployment)):
        (textfile.parent / name).write_text(yaml.safe_dump(document))
    play = str(textfile.parent / "sidecar.yml")
    podman("kube", "play", "--network", "none", "--configmap", str(textfile.parent / "mapping.yml"), play)
    yield deployment
    podman("kube", "down", play)


def test_it_writes_into_the_nodes_directory(textfile: Path) -> None:
    until(lambda: "\nstore_total_rows" in (textfile / "store.prom").read_text())
    until(lambda: "\nxmlprom_last_run_success" in (textfile / "store.status.prom").read_text())
    assert re.search("^xmlprom_last_run_success.* 1$", (textfile / "store.status.prom").read_text(), re.MULTILINE)
    assert sorted(path.name for path in textfile.iterdir()) == FILES


def test_it_has_no_privileges() -> None:
    status = execute(["cat", "/proc/1/status"]).stdout
    assert re.search(r"^Uid:\t65532\t65532\t65532\t65532$", status, re.MULTILINE)
    assert re.search(r"^CapBnd:\t0+$", status, re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
    assert re.search(r"^Seccomp:\t2$", status, re.MULTILINE)
    assert re.search(r"^\S+ / \S+ ro,", execute(["cat", "/proc/mounts"]).stdout, re.MULTILINE)


def test_its_probe_looks_at_the_age_of_the_status(deployment: Any) -> None:
    probe = collector(deployment)["livenessProbe"]["exec"]["command"]
    assert execute(probe).returncode == 0
    # The next run is a minute away.
    execute(["touch", "-d", "10 minutes ago", "/var/lib/prometheus/node-exporter/store.status.prom"])
    assert execute(probe).returncode == 1


def test_its_end_removes_the_files(deployment: Any, textfile: Path) -> None:
    assert execute(collector(deployment)["lifecycle"]["preStop"]["exec"]["command"]).returncode == 0
    assert list(textfile.iterdir()) == []
