"""What stands in docker/, deploy/ and the compose files, read by the programs that it is for.

check_deploy.py compose | kubernetes | prometheus | metrics | configuration | startup | packages | configure |
entrypoint"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from hostile import Process  # noqa: E402
from served import FEEDTREE, TOKEN, Served, eventually  # noqa: E402

SERVICES = {"certificates", "feedtree", "nats", "timescaledb", "redis", "prometheus", "grafana"}
SIMULATORS = {f"simulator-{name}" for name in ("kraken", "binance", "bybit", "coinbase")}
# What the configurations take from the environment.
VARIABLES = {"NATS_URL": "tls://nats:4222", "NATS_USER": "u", "NATS_PASSWORD": "p",
             "TIMESCALE_DSN": "postgresql://u:p@db/feedtree?sslmode=verify-full",
             "REDIS_URL": "rediss://redis:6379", "REDIS_USER": "u", "REDIS_PASSWORD": "p",
             "FEEDTREE_OPERATOR_TOKEN": TOKEN}


def tool(path):
    """A program of scripts/deploy-tools, which says itself why it cannot be had."""
    found = subprocess.run([ROOT / "scripts/deploy-tools"], text=True, stdout=subprocess.PIPE)
    if found.returncode != 0:
        sys.exit("check_deploy: no tools to check with")
    return pathlib.Path(found.stdout.strip(), path)


def compose(files, *options, secrets=None):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("COMPOSE_")}
    if secrets:
        environment["FEEDTREE_SECRETS"] = secrets
    argv = [tool("usr/libexec/docker/cli-plugins/docker-compose"), *options]
    for name in files:
        argv += ["-f", ROOT / name]
    return subprocess.run([*argv, "config", "--format", "json"], env=environment, text=True,
                          capture_output=True, cwd=ROOT)


def resolved(*arguments, **keywords):
    result = compose(*arguments, **keywords)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def check_common(whole):
    for name, service in whole["services"].items():
        for port in service.get("ports", ()):
            assert port.get("host_ip") == "127.0.0.1", f"{name} is published beyond loopback: {port}"
        for volume in service.get("volumes", ()):
            if volume["type"] == "bind":
                assert pathlib.Path(volume["source"]).exists(), f"{name}: no {volume['source']}"
        for kind in ("configs", "secrets"):
            for each in service.get(kind, ()):
                # An engine copies anything else into the container, which it cannot where the root is read-only.
                assert "file" in whole[kind][each["source"]], f"{name}: {each} is not a file"
        if name != "certificates":
            assert service.get("mem_limit"), f"{name} has no memory limit"


def check_compose():
    base = ["docker-compose.yml"]
    plain = resolved(base)
    assert set(plain["services"]) == SERVICES, set(plain["services"])
    demo = resolved(base, "--profile", "demo")
    assert set(demo["services"]) == SERVICES | SIMULATORS, set(demo["services"])
    dev = resolved([*base, "docker-compose.dev.yml"])
    assert set(dev["services"]) == SERVICES | {"pgadmin"}, set(dev["services"])
    production = resolved([*base, "docker-compose.prod.yml"], secrets="/run/feedtree-secrets")
    assert set(production["services"]) == SERVICES - {"certificates"}, set(production["services"])
    for whole in (plain, demo, dev, production):
        check_common(whole)
    text = json.dumps(production)
    assert "feedtree-local" not in text, "production has a password of the base file"
    assert "INSECURE" not in text, "production allows insecure defaults"
    published = {name for name, service in production["services"].items() if service.get("ports")}
    assert published == {"feedtree", "grafana"}, published
    without = compose([*base, "docker-compose.prod.yml"])
    assert without.returncode != 0 and "FEEDTREE_SECRETS" in without.stderr, without.stderr
    # The token that Prometheus reads: written by the entrypoint into a volume, or a secret.
    token = re.search(r"credentials_file: ([^}]+)", (ROOT / "docker/prometheus/prometheus.yml").read_text())[1]
    assert f">{token}\n" in (ROOT / "docker/entrypoint").read_text(), token
    folders = [volume["target"] for volume in plain["services"]["prometheus"]["volumes"]]
    assert str(pathlib.PurePath(token).parent) in folders, folders
    targets = {each.get("target") for each in production["services"]["prometheus"]["secrets"]}
    assert token in targets, targets
    # The simulators of the compose file are those of demo.yaml.
    named = set(re.findall(r"ws://([a-z-]+):9101", (ROOT / "docker/config/demo.yaml").read_text()))
    assert named == SIMULATORS, named
    readme, page = ((ROOT / name).read_text() for name in ("README.md", "docs/deployment.md"))
    for service in plain["services"].values():
        for port in service.get("ports", ()):
            assert f":{port['published']}`" in readme, f"README.md does not name port {port}"
    for secret in production["secrets"]:
        assert f"`{secret}`" in page, f"docs/deployment.md does not name {secret}"


def secret_keys(whole):
    """Secret and key of everything that is taken from one."""
    if isinstance(whole, dict):
        if "secretKeyRef" in whole:
            yield whole["secretKeyRef"]["name"], whole["secretKeyRef"]["key"]
        if "secret" in whole and "items" in whole["secret"]:
            yield from ((whole["secret"]["name"], item["key"]) for item in whole["secret"]["items"])
    for each in whole.values() if isinstance(whole, dict) else whole if isinstance(whole, list) else ():
        yield from secret_keys(each)


def check_kubernetes():
    import yaml
    for overlay in ("staging", "production"):
        rendered = subprocess.run([tool("usr/bin/kustomize"), "build",
                                   ROOT / "deploy/k8s/overlays" / overlay],
                                  check=True, text=True, stdout=subprocess.PIPE).stdout
        parts = {part["kind"]: part for part in yaml.safe_load_all(rendered)}
        assert set(parts) == {"ConfigMap", "NetworkPolicy", "PodDisruptionBudget", "Service",
                              "ServiceAccount", "ServiceMonitor", "StatefulSet"}, set(parts)
        assert len({part["metadata"]["namespace"] for part in parts.values()}) == 1
        spec = parts["StatefulSet"]["spec"]
        pod = spec["template"]
        labels = pod["metadata"]["labels"].items()
        for selector in (spec["selector"]["matchLabels"], parts["Service"]["spec"]["selector"],
                         parts["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
                         parts["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]):
            assert selector and selector.items() <= labels, selector
        assert spec["serviceName"] == parts["Service"]["metadata"]["name"]
        (container,) = pod["spec"]["containers"]
        assert container["image"].startswith("registry.example/feedtree:"), container["image"]
        volumes = {each["name"]: each for each in pod["spec"]["volumes"]}
        claims = {each["metadata"]["name"] for each in spec["volumeClaimTemplates"]}
        for mount in container["volumeMounts"]:
            assert mount["name"] in volumes.keys() | claims, mount
        assert volumes["config"]["configMap"]["name"] == parts["ConfigMap"]["metadata"]["name"]
        port_names = {port["name"] for port in container["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert container[probe]["httpGet"]["port"] in port_names, probe
        page = (ROOT / "docs/deployment.md").read_text()
        taken = set(secret_keys(pod))
        assert len(taken) > 8, taken
        for secret, key in taken:
            row = re.search(rf"^\| `{secret}` \|.*$", page, re.M)
            assert row and f"`{key}`" in row[0], f"docs/deployment.md does not name {secret}/{key}"
        startup = container["startupProbe"]
        assert startup["periodSeconds"] * startup["failureThreshold"] > startup_seconds(
            parts["ConfigMap"]["data"]["feedtree.yaml"]), "the probe ends the wait for services"
        assert parts["ServiceMonitor"]["spec"]["endpoints"][0]["port"] in \
            {port["name"] for port in parts["Service"]["spec"]["ports"]}
        check_configuration_text(parts["ConfigMap"]["data"]["feedtree.yaml"],
                                 {each["name"] for each in container["env"]})


def startup_seconds(text):
    """How long a configuration lets the server wait for its services."""
    number, unit = re.search(r"^startup_timeout: (\d+)([sm])$", text, re.M).groups()
    return int(number) * {"s": 1, "m": 60}[unit]


def check_configuration_text(text, given):
    """As the server reads it; every variable in it is one that is given."""
    asked = set(re.findall(r"\$\{(\w+)\}", text))
    assert asked <= given, f"not given: {asked - given}"
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        result = subprocess.run([FEEDTREE, "check-config", file.name], text=True,
                                env={**os.environ, **VARIABLES}, capture_output=True)
    assert result.returncode == 0, result.stdout + result.stderr


def check_configuration():
    files = sorted((ROOT / "docker/config").glob("*.yaml"))
    assert {file.stem for file in files} == {"live", "demo", "dev", "production"}, files
    image = (ROOT / "docker/Dockerfile").read_text()
    start_period = int(re.search(r"--start-period=(\d+)s", image)[1])
    for file in files:
        assert startup_seconds(file.read_text()) < start_period, file
        check_configuration_text(file.read_text(), set(VARIABLES))


def check_startup():
    """Production's configuration lacks nothing that the server wants, and it waits for each service by name."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([FEEDTREE, "make-certificate", f"{folder}/tls"], check=True,
                       stdout=subprocess.DEVNULL)
        text = (ROOT / "docker/config/production.yaml").read_text()
        for old, new in (("services-ca.pem", "ca.pem"), ("/etc/feedtree", folder),
                         ("/var/lib/feedtree", folder), ("0.0.0.0:8080", "127.0.0.1:0")):
            assert old in text, old
            text = text.replace(old, new)
        pathlib.Path(folder, "config.yaml").write_text(text)
        here = {"NATS_URL": "tls://127.0.0.1:1", "REDIS_URL": "rediss://127.0.0.1:1",
                "TIMESCALE_DSN": "postgresql://u:p@127.0.0.1:1/feedtree?sslmode=verify-full"
                                 f"&sslrootcert={folder}/tls/ca.pem"}
        # No insecure default is allowed here.
        assert not [name for name in os.environ if "ALLOW_INSECURE" in name]
        server = Process("server", [FEEDTREE, "run", "--config", f"{folder}/config.yaml"], folder,
                         {**VARIABLES, **here})
        try:
            for sink in ("jetstream", "nats", "timescale", "redis"):
                eventually(lambda: f'"component":"{sink}","message":"is not there yet' in server.text(),
                           f"the wait for {sink}: {server.text()}")
        finally:
            code = server.stop()
        assert code == 0, server.text()


def check_entrypoint():
    """Secrets from files reach the program; one that cannot be read is named."""
    def enter(environment):
        return subprocess.run(["sh", ROOT / "docker/entrypoint", "check-config",
                               ROOT / "docker/config/production.yaml"], text=True, capture_output=True,
                              env={"PATH": f"{FEEDTREE.parent}:{os.environ['PATH']}", **environment})
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for name, value in VARIABLES.items():
            files[f"{name}_FILE"] = f"{folder}/{name}"
            pathlib.Path(folder, name).write_text(value + "\n")
        good = enter(files)
        assert good.returncode == 0, good.stdout + good.stderr
        for name in VARIABLES.keys() - {"FEEDTREE_OPERATOR_TOKEN"}:
            without = enter({key: value for key, value in files.items() if key != f"{name}_FILE"})
            assert without.returncode == 78 and name in without.stdout + without.stderr, name
        for name in VARIABLES:
            for content in (None, ""):
                file = pathlib.Path(folder, "bad")
                file.unlink(missing_ok=True) if content is None else file.write_text(content)
                bad = enter({**files, f"{name}_FILE": str(file)})
                assert bad.returncode == 78 and f"{name}_FILE" in bad.stderr, bad.stderr


def check_prometheus():
    for argv in (["check", "rules", "docker/prometheus/rules.yml"],
                 ["test", "rules", "tests/deploy/rules_test.yml"],
                 ["check", "config", "--syntax-only", "docker/prometheus/prometheus.yml"]):
        subprocess.run(["promtool", *argv], cwd=ROOT, check=True)
    import yaml
    rules = yaml.safe_load((ROOT / "docker/prometheus/rules.yml").read_text())
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    fires, quiet = set(), set()
    for test in yaml.safe_load((ROOT / "tests/deploy/rules_test.yml").read_text())["tests"]:
        for each in test["alert_rule_test"]:
            (fires if each["exp_alerts"] else quiet).add(each["alertname"])
    assert fires == quiet == alerts, f"not shown to fire and to be quiet: {alerts - (fires & quiet)}"


def used_metrics():
    """Names in alert expressions and dashboards, and who uses them."""
    used = {}
    rules = (ROOT / "docker/prometheus/rules.yml").read_text()
    for line in re.findall(r"^ +expr: (.*)$", rules, re.M):
        for name in re.findall(r"\bfeedtree_\w+", line):
            used.setdefault(name, set()).add("rules.yml")
    for board in (ROOT / "docker/grafana/dashboards").glob("*.json"):
        whole = json.loads(board.read_text())
        expressions = [target["expr"] for panel in whole["panels"] for target in panel["targets"]]
        expressions += [each["query"]["query"] for each in whole["templating"]["list"]]
        for name in re.findall(r"\bfeedtree_\w+", "\n".join(expressions)):
            used.setdefault(name, set()).add(board.name)
    return used


def check_metrics():
    used = used_metrics()
    assert len(used) > 20, used
    with tempfile.TemporaryDirectory() as folder, \
            Served(config=f"archive: {{path: {folder}/archive}}\n") as server:
        server.wait_until_ready()
        text = eventually(lambda: (lambda answer: answer if "feedtree_frames_total" in answer else "")
                          (server.ask("/metrics")[2].decode()), "metrics")
        subprocess.run(["promtool", "check", "metrics"], input=text, text=True, check=True)
    exported = {re.match(r"\w+", line)[0] for line in text.splitlines() if line and line[0] != "#"}
    missing = {name: who for name, who in used.items() if name not in exported}
    assert not missing, f"not exported by the server: {missing}"
    # The values of labels that expressions name.
    for label in ('outcome="decoded"', 'outcome="rejected"', 'state="live"'):
        assert label in text, label
    print(f"{len(used)} metrics are used, {len(exported)} series names exported")


def section(name):
    text = (ROOT / "scripts/packages").read_text()
    return {line for line in re.search(rf"^\[{name}\]\n([^\[]*)", text, re.M)[1].splitlines()
            if line and line[0] != "#"}


def check_packages():
    """The image's last stage installs what the program is linked with, and nothing without a reason."""
    dynamic = subprocess.run(["readelf", "-d", FEEDTREE], check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    owners = {}
    for library in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic):
        found = subprocess.run(["dpkg-query", "-S", f"*/{library}"], text=True,
                               stdout=subprocess.PIPE).stdout
        # Not the libraries of other architectures.
        owners[library] = {line.split(":")[0] for line in found.splitlines()
                           if "-linux-gnu/" in line.split()[-1]}
    assert len(owners) > 5, dynamic
    wanted, listed = set(), section("runtime")
    for library, packages in owners.items():
        # The C library is in every image.
        assert packages & (listed | {"libc6"}), f"{library}: none of {packages} is in [runtime]"
        wanted |= packages
    more = listed - wanted - {"ca-certificates", "curl"}
    assert not more, f"[runtime] has what the program does not use: {more}"


def check_configure():
    """The program alone needs no package of the tests, and no folder tests: as in the image."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "src")
        source.mkdir()
        # What .dockerignore lets through.
        for line in (ROOT / ".dockerignore").read_text().splitlines():
            if line.startswith("!"):
                place = source / line[1:]
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(ROOT / line[1:])
        for extra in ([], ["-DCMAKE_DISABLE_FIND_PACKAGE_GTest=ON"]):
            tree = source if not extra else ROOT
            build = pathlib.Path(folder, f"build{len(extra)}")
            said = subprocess.run(["cmake", "--preset", "release", "-S", tree, "-B", build, *extra],
                                  cwd=tree, check=True, text=True, stdout=subprocess.PIPE).stdout
            assert "the tests are not built" in said, said
            targets = subprocess.run(["ninja", "-C", build, "-t", "targets", "all"], check=True,
                                     text=True, stdout=subprocess.PIPE).stdout
            assert re.search(r"^feedtree: ", targets, re.M) and "_tests" not in targets
            assert targets.count(".cpp.o: ") > 150, targets


if __name__ == "__main__":
    for part in sys.argv[1:]:
        globals()[f"check_{part}"]()
        print(f"{part}: ok")
