"""What is shipped agrees with itself: compose file, settings, README, Makefile, runner."""

import ast
import os
import re
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from textflix.running import heartbeat, runner, servers
from textflix.serving.connections import LONGEST_HEAD

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text()
COMPOSE = REPOSITORY / "docker-compose.yml"
# Known to Docker alone: they become part of the URLs, choose the services, or say where the proxy listens.
FOR_COMPOSE = {
    *("POSTGRES_PASSWORD", "REDIS_PASSWORD", "COMPOSE_PROFILES"),
    *("HTTP_PORT", "HTTPS_PORT", "TLS_FOLDER", "ACME_FOLDER"),
}
# Set by the entry points themselves; nobody else has a reason to.
INTERNAL = {"DJANGO_SETTINGS_MODULE", "PYTHONUNBUFFERED"}
HEARTBEAT = {heartbeat.FILE, heartbeat.LONGEST_TASK}


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load(COMPOSE.read_text())["services"]


def read_from_environment():
    """The names in `env.str("X")`, `os.environ["X"]`, `os.environ.get("X")`, `number("X")` and the like."""
    names = set()
    for path in (REPOSITORY / "textflix").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                reader, key = ast.unparse(node.func), node.args[0] if node.args else None
            elif isinstance(node, ast.Subscript):
                reader, key = ast.unparse(node.value), node.slice
            else:
                continue
            is_reader = reader == "number" or reader.startswith(("env.", "os.environ"))
            if is_reader and isinstance(key, ast.Constant) and re.fullmatch("[A-Z_]+", str(key.value)):
                names.add(key.value)
    return names - INTERNAL


def in_readme():
    table = README.partition("## Settings")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE)


def without(command, *options):
    """A command without its interpreter and the named options, and without what niceness puts before it."""
    words = command[command.index("-m") + 1 :]
    return {word for word in words if word.partition("=")[0] not in options}


def test_the_compose_file_keeps_to_the_compose_specification():
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_compose_file_with_a_mistake_is_noticed(tmp_path):
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(COMPOSE.read_text().replace("healthcheck:", "healthchek:"))
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(wrong)]
    assert subprocess.run(check, capture_output=True).returncode == 1


def test_secrets_come_from_the_environment_and_compose_says_when_one_is_missing(services):
    used = dict(re.findall(r"\$\{([A-Z_]+)(:[?-]|)", COMPOSE.read_text()))
    for secret in ("SECRET_KEY", "ALLOWED_HOSTS", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "EMAIL_URL"):
        assert used[secret] == ":?"
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (REPOSITORY / ".env.example").read_text(), re.MULTILINE))
    assert {name for name, mark in used.items() if mark == ":?"} == {name for name in example if not example[name]}


def test_every_service_that_holds_the_project_is_set_up_for_production(services):
    ours = {name: service for name, service in services.items() if service.get("image") == "textflix"}
    assert ours.keys() == {"setup", "web", "worker", "worker-cpu", "trainer", "beat"}
    for service in ours.values():
        assert service["environment"]["TEXTFLIX_PRODUCTION"] == "1"
        assert service["depends_on"]["db"] == {"condition": "service_healthy"}
    assert [name for name, service in services.items() if "healthcheck" not in service] == ["setup"]
    assert "USER textflix" in (REPOSITORY / "Dockerfile").read_text().splitlines()


def test_every_container_is_confined_and_knows_only_what_it_reads(services):
    for name, service in services.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert service["logging"] == {"driver": "local"}, f"{name}: what is logged must not fill the disk"
        assert "env_file" not in service, name
    assert [name for name, service in services.items() if "cap_add" in service] == ["proxy"]
    for name in ("db", "redis", "proxy"):
        assert "SECRET_KEY" not in services[name].get("environment", {})
    assert "DEFAULT_FROM_EMAIL" not in services["worker-cpu"]["environment"]
    mail = {
        name: service["environment"]["EMAIL_URL"] for name, service in services.items() if "EMAIL_URL" in str(service)
    }
    assert mail.pop("web").startswith("${EMAIL_URL:?")
    assert set(mail.values()) == {"smtp://unused"}


def test_the_database_is_set_up_as_it_is_under_make_run(services):
    given = dict(word.split("=") for word in services["db"]["command"] if "=" in word)
    assert given.items() <= servers.SETTINGS.items()
    assert {name for name in servers.SETTINGS if name.startswith("log_")} - given.keys() == {"log_checkpoints"}


def test_who_cannot_be_asked_is_seen_alive_by_the_file_that_make_run_looks_at(services, tmp_path):
    for name in ("worker", "worker-cpu", "trainer", "beat"):
        kind, command = services[name]["healthcheck"]["test"]
        alive = tmp_path / name
        check = ["sh", "-c", command.replace("$$", "$").replace("/tmp/alive", str(alive))]
        assert kind == "CMD-SHELL"
        assert services[name]["environment"][heartbeat.FILE] == "/tmp/alive"
        assert subprocess.run(check, capture_output=True).returncode == 1
        alive.touch()
        assert subprocess.run(check).returncode == 0
        os.utime(alive, (0, time.time() - 1_000))
        assert subprocess.run(check).returncode == 1
    longest = {name: s["environment"].get(heartbeat.LONGEST_TASK) for name, s in services.items() if "environment" in s}
    assert longest["worker"] == longest["worker-cpu"] == "90"
    assert longest["trainer"] == longest["beat"] == "inf"


def test_only_the_proxy_is_reached_from_outside(services):
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert services["proxy"]["depends_on"] == {"web": {"condition": "service_healthy"}}


def test_the_proxy_lets_in_just_what_the_site_reads():
    limit = re.search(r"client_max_body_size (\d+)k;", (REPOSITORY / "proxy" / "nginx.conf").read_text())
    assert 1 < int(limit[1]) * 1024 / settings.DATA_UPLOAD_MAX_MEMORY_SIZE < 1.2


def test_the_proxy_may_have_the_processes_and_files_that_its_connections_need(services):
    number = dict(
        re.findall(r"^ *(worker_\w+) (\d+);", (REPOSITORY / "proxy" / "nginx.conf").read_text(), re.MULTILINE)
    )
    assert int(number["worker_processes"]) < services["proxy"]["pids_limit"] / 10
    assert int(number["worker_rlimit_nofile"]) >= 2 * int(number["worker_connections"])


def test_the_proxy_lets_in_a_head_as_long_as_the_site_reads():
    limit = re.search(r"large_client_header_buffers 4 (\d+)k;", (REPOSITORY / "proxy" / "nginx.conf").read_text())
    assert int(limit[1]) * 1024 == LONGEST_HEAD


def test_no_secret_is_part_of_a_command_line(services):
    for service in services.values():
        command = str(service.get("command")) + str(service.get("healthcheck"))
        assert not re.search(r"\$\{[A-Z_]*(PASSWORD|KEY|URL)", command)
        # What the shell of the container puts in must go into a file or a variable, never behind a program's option.
        assert not re.search(r"--\S*(pass|auth)\S*", command)


def test_the_critic_has_a_profile_with_a_card_and_one_without(services):
    devices = services["worker"]["deploy"]["resources"]["reservations"]["devices"]
    assert devices[0]["driver"] == "nvidia"
    assert services["worker"]["profiles"] == ["gpu"]
    assert services["worker-cpu"]["profiles"] == ["cpu"]
    assert "deploy" not in services["worker-cpu"]


def test_docker_runs_the_same_processes_as_make_run(services):
    web, scoring, training, beat, _ = [child.command for child in runner.textflix().children]
    sizes = ("--bind", "--workers", "--threads")
    assert without(services["web"]["command"], *sizes) == without(web, *sizes)
    for name in ("worker", "worker-cpu"):
        assert without(services[name]["command"]) == without(scoring)
    assert without(services["trainer"]["command"]) == without(training)
    assert without(services["beat"]["command"]) == without(beat)


def test_the_readme_explains_every_setting_and_no_other():
    assert len(in_readme()) > 20
    assert sorted(in_readme()) == sorted(read_from_environment())


def test_compose_names_no_setting_that_nobody_reads(services):
    used = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE.read_text()))
    example = set(re.findall(r"^#?([A-Z_]+)=", (REPOSITORY / ".env.example").read_text(), re.MULTILINE))
    given = {name for s in services.values() if s.get("image") == "textflix" for name in s["environment"]}
    assert (used | example | given) - FOR_COMPOSE - HEARTBEAT - read_from_environment() == set()


def pinned(*names):
    """The packages of requirements/ as {name: version}; each must have its files' hashes."""
    found = {}
    for name in names:
        text = (REPOSITORY / "requirements" / name).read_text()
        for package in re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]:
            line, *hashes = package.splitlines()
            assert hashes, line
            assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", one) for one in hashes), line
            key, version = re.match(r"(\S+)==(\S+)", line).groups()
            found[canonicalize_name(key)] = version
    return found


def requirements(lines):
    return {canonicalize_name(r.name): str(r.specifier)[2:] for r in map(Requirement, lines)}


def test_what_is_pinned_with_hashes_is_what_the_project_asks_for():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    asked, dev = requirements(project["dependencies"]), requirements(project["optional-dependencies"]["dev"])
    assert asked.items() <= pinned("site.txt", "torch.txt").items()
    assert dev.items() <= pinned("site.txt", "dev.txt").items(), "make pins"


def test_hashes_and_constraints_agree():
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    constraints = requirements(line for line in lines if not line.startswith("#"))
    hashed = pinned("site.txt", "dev.txt")
    elsewhere = {name for name in hashed if name not in constraints}
    # What is for other systems than Linux is in no environment that constraints.txt was made from.
    assert elsewhere <= {"colorama", "httpx2-jsfetch"}
    assert {name: constraints[name] for name in hashed.keys() - elsewhere} == {
        name: version for name, version in hashed.items() if name not in elsewhere
    }
    assert pinned("torch.txt")["torch"] == constraints["torch"]


def test_make_help_lists_every_target():
    makefile = (REPOSITORY / "Makefile").read_text()
    targets = set(re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[1].split())
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    # "venv" and "dev" are what the others need, installed by them.
    assert {line.split()[1] for line in listed.splitlines()} == targets - {"venv", "dev"}


def test_the_readme_names_only_targets_commands_and_pictures_that_exist():
    makefile = (REPOSITORY / "Makefile").read_text()
    for target in set(re.findall(r"\bmake ([a-z]+)", README)) - {"help"}:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    commands = {path.stem for path in REPOSITORY.glob("*/**/management/commands/*.py")}
    assert set(re.findall(r"manage\.py ([a-z_]+)", README)) <= commands
    for link in re.findall(r"\]\(([^):]+)\)", README):
        assert (REPOSITORY / link).exists(), link
