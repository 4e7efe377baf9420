"""The manifests: a schema of Kubernetes accepts them, and they agree with the image and the program."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parents[2]
CONTAINERS = ROOT / "containers"
MANIFESTS = sorted((CONTAINERS / "kubernetes").glob("*.yml"))
OLDEST, NEWEST = "1.29", kubernetes_validate.latest_version()


def of_kind(kind):
    documents = [document for path in MANIFESTS for document in yaml.safe_load_all(path.read_text())]
    return [document for document in documents if document["kind"] == kind]


PODS = [one["spec"]["template"]["spec"] for kind in ("DaemonSet", "Deployment") for one in of_kind(kind)]


def collector(pod):
    return next(one for one in pod["containers"] if one["name"] == "xmlprom")


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_kubernetes_accepts_it(path, version):
    for document in yaml.safe_load_all(path.read_text()):
        kubernetes_validate.validate(document, version, strict=True)


def test_a_wrong_key_is_not_accepted():
    (document,) = of_kind("DaemonSet")
    document["spec"]["template"]["spec"]["containers"][0]["readonly"] = True
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, NEWEST, strict=True)


@pytest.mark.parametrize("pod", PODS, ids=["daemonset", "sidecar"])
def test_nothing_has_privileges(pod):
    """What the Pod Security Standard `restricted` asks for, but for hostPath."""
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


@pytest.mark.parametrize("pod", PODS, ids=["daemonset", "sidecar"])
def test_it_agrees_with_the_image(pod):
    image = (CONTAINERS / "Containerfile").read_text()
    user = re.search(r"^USER (\d+):(\d+)$", image, re.MULTILINE)
    assert [pod["securityContext"][key] for key in ("runAsUser", "runAsGroup")] == [int(user[1]), int(user[2])]
    mounts = {mount["name"]: mount["mountPath"] for mount in collector(pod)["volumeMounts"]}
    assert mounts["textfile"] in image
    for command in (collector(pod)["livenessProbe"]["exec"], collector(pod)["lifecycle"]["preStop"]["exec"]):
        assert mounts["textfile"] in command["command"][-1]


@pytest.mark.parametrize("pod", PODS, ids=["daemonset", "sidecar"])
def test_the_mapping_is_that_of_the_collector_and_fits_the_source(pod, tmp_path):
    (mapping,) = of_kind("ConfigMap")
    command, name, *_ = collector(pod)["args"]
    assert command == "collect"
    path = tmp_path / f"{name}.yml"
    path.write_text(mapping["data"][f"{name}.yml"])
    source = yaml.safe_load(path.read_text())["source"]
    assert str(Path(source).parent) in [mount["mountPath"] for mount in collector(pod)["volumeMounts"]]
    check = [sys.executable, ROOT / "scripts/xmlprom", "check", path, "--source", ROOT / f"examples/{name}.xml"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
