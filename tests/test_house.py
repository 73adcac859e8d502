"""What holds for the house as a whole: who loads torch, what is pinned, that production refuses to start unsafe."""

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from sentiment.models import ScoreRequest
from tests.makers import make_member, make_movie, make_review, read
from textflix.members.models import User
from textflix.movies.models import Person
from textflix.sitemaps import PER_FILE

REPOSITORY = Path(__file__).resolve().parent.parent
LONGEST_FILE, LONGEST_TEMPLATE_LINE, MOST_MODULES = 300, 160, 20
# These alone may import what only an extra brings.
EXPERIMENTS = {REPOSITORY / "sentiment" / "core" / "measuring" / "rivals.py"}
OURS = ("textflix", "sentiment")
PRODUCTION = {
    "TEXTFLIX_PRODUCTION": "1",
    "SECRET_KEY": "kV9-dQ2xZr7_mB4nTc8wLf3yHs6gJp1uEa5oXi0vRqNtYbWzKlMeCdFhGjAs",
    "ALLOWED_HOSTS": "textflix.example",
    "DATABASE_URL": "postgres://textflix@127.0.0.1:1/textflix",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "EMAIL_URL": "smtp://127.0.0.1:1",
}
VISIT = """
import json, sys
import django
django.setup()
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, get_resolver
from textflix.members.models import User

HEAVY = {"torch", "transformers", "tokenizers", "huggingface_hub", "openvino", "sklearn"}
settings.ALLOWED_HOSTS = ["testserver"]
paths, answers, met = json.loads(sys.argv[1]), {}, set()
client = Client()
for signed_in in (False, True):
    if signed_in:
        client.force_login(User.objects.get(username="boss"))
    for path in paths["pages"]:
        answer = client.get(path)
        answers[path] = answer.status_code
        if answer.status_code != 404:
            met.add(answer.resolver_match.view_name)
posted = client.post(paths["post"], {"text": "I loved it. The acting is superb, and the story moves."})
roots = [r for r in get_resolver().url_patterns if getattr(r, "app_name", None) != "admin"]
patterns = [p for r in roots for p in getattr(r, "url_patterns", [r]) if isinstance(p, URLPattern)]
ours = {p.name for p in patterns if p.callback.__module__.split(".")[0] in ("textflix", "sentiment")}
print(json.dumps({
    "answers": answers, "posted": posted.status_code, "not met": sorted(ours - met),
    "loaded": sorted(HEAVY & sys.modules.keys()),
}))
"""


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TEXTFLIX_HOME", "TMPDIR")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=REPOSITORY,
        env=kept | {"DJANGO_SETTINGS_MODULE": "textflix.settings"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.django_db(transaction=True)
def test_the_web_process_serves_every_page_without_loading_torch():
    boss = User.objects.create_superuser("boss", "boss@example.org")
    movie, other = make_movie(), make_movie(imdb_id="tt0000099", slug="another-film", title="Another film")
    review, own = make_review(movie, make_member("author")), make_review(movie, boss)
    read(review, 0.9)
    film, posts = f"/film/{movie.slug}/", [f"/review/{own.pk}/confirm/"]
    person, _ = Person.objects.get_or_create(name="Ann")
    asked = ScoreRequest.objects.create(text="Lovely.")
    pages = [
        *(f"{film}why/acting/", f"{film}similar/", f"{film}card.png", f"{film}feed/", "/member/author/feed/", *posts),
        *("/people/", person.get_absolute_url(), "/compare/", "/films/suggest/?q=re", "/critic/"),
        *("/analysis/", "/critic/try/"),
        *(f"/critic/try/{asked.pk}/", f"/review/{review.pk}/dispute/", "/admin/sentiment/dispute/"),
        *("/", "/films/", "/films/?q=window&sort=positive", "/healthz", "/readyz", "/robots.txt", "/sitemap.xml"),
        f"/sitemap-films-{movie.pk // PER_FILE}.xml",
        *("/favicon.ico", film, f"{film}review/", f"{film}sentiment.json", f"{film}bar/", "/member/author/"),
        *(f"/review/{review.pk}/", f"/review/{review.pk}/verdict.json", f"/review/{review.pk}/reading/"),
        *(f"/review/{own.pk}/edit/", f"/review/{own.pk}/delete/", "/accounts/login/", "/accounts/signup/"),
        *("/accounts/password/reset/", "/accounts/email/", "/accounts/2fa/", "/nothing/here/"),
        *("/admin/login/", "/admin/", "/admin/reviews/review/", f"/admin/reviews/review/{review.pk}/change/"),
        *("/admin/sentiment/modelversion/", "/admin/movies/movie/", "/admin/members/user/"),
    ]
    database = connection.settings_dict
    done = python(
        "-c",
        VISIT,
        json.dumps({"pages": pages, "post": f"/film/{other.slug}/review/"}),
        DATABASE_URL=f"postgres://{database['USER']}@/{database['HOST']}/{database['NAME']}",  # by its socket's folder
        REDIS_URL=settings.REDIS_URL,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert {path for path, code in seen["answers"].items() if code >= 400} == {*posts, "/readyz", "/nothing/here/"}
    assert seen["posted"] == 302
    assert seen["not met"] == []
    assert seen["loaded"] == []


def pyproject() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


def contract(name: str) -> dict[str, Any]:
    listed = pyproject()["tool"]["importlinter"]["contracts"]
    return next(each for each in listed if each["name"].startswith(name))


def rooms(folder: str) -> set[str]:
    """The modules and packages of a folder, as they are imported."""
    inside = (REPOSITORY / folder).iterdir()
    found = {path.stem for path in inside if path.suffix == ".py" or (path / "__init__.py").exists()}
    return {f"{folder.replace('/', '.')}.{name}" for name in found - {"__init__"}}


def test_every_folder_may_come_to_torch_or_is_in_the_contract_that_says_it_may_not():
    may = {"sentiment.core", "sentiment.management", "sentiment.tasks", "sentiment.worker"}
    may |= {f"sentiment.core.{name}" for name in ("__main__", "critic", "curve", "measuring", "recipe", "training")}
    every = rooms("sentiment") | rooms("sentiment/core")
    assert may <= every
    assert every - may == set(contract("The web process never comes to torch")["source_modules"])


def test_what_is_on_the_wrong_floor_or_on_none_breaks_a_contract(tmp_path):
    for top in OURS:
        shutil.copytree(
            REPOSITORY / top,
            tmp_path / top,
            ignore=lambda _, names: {n for n in names if Path(n).suffix not in ("", ".py")},
        )
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    (tmp_path / "sentiment" / "lost.py").touch()
    (tmp_path / "sentiment" / "verdicts" / "upwards.py").write_text("import sentiment.pages.why\n")
    (tmp_path / "textflix" / "members" / "upwards.py").write_text("import textflix.reviews.models\n")
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    said = " ".join(done.stdout.split())
    assert "The critic's floors BROKEN" in said
    assert "The site's floors BROKEN" in said
    assert "The core's floors KEPT" in said
    for wrong in ("sentiment.lost", "sentiment.verdicts is not allowed to import sentiment.pages"):
        assert wrong in said
    assert "textflix.members is not allowed to import textflix.reviews" in said


def sources() -> list[Path]:
    return [path for top in OURS for path in (REPOSITORY / top).rglob("*.py")]


def test_no_file_is_longer_than_three_hundred_lines():
    lengths = {path: len(path.read_text().splitlines()) for path in sources() if path.parent.name != "migrations"}
    assert len(lengths) > 50
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_line_of_a_template_is_longer_than_is_allowed():
    templates = [path for path in (REPOSITORY / "templates").rglob("*") if path.is_file()]
    lengths = {
        f"{path.relative_to(REPOSITORY)}:{number}": len(line)
        for path in templates
        for number, line in enumerate(path.read_text().splitlines(), 1)
    }
    assert len(templates) > 50
    assert {place: length for place, length in lengths.items() if length > LONGEST_TEMPLATE_LINE} == {}
    assert pyproject()["tool"]["djlint"]["max_line_length"] == LONGEST_TEMPLATE_LINE


def test_no_folder_holds_more_than_twenty_modules():
    every = [*sources(), *(REPOSITORY / "tests").rglob("*.py")]
    modules = Counter(path.parent for path in every if path.parent.name != "migrations")
    assert len(modules) > 40
    assert {folder: count for folder, count in modules.items() if count > MOST_MODULES} == {}


def test_one_place_says_what_is_public():
    """Every other query asks for `public`, so that what makes a review public can become more than one column."""
    names_hidden = re.compile(r"(?:\b|__)hidden=|\.hidden\b|\bNOT hidden\b")
    code = [path for path in sources() if path.parent.name != "migrations"]
    found = {
        (path.relative_to(REPOSITORY).as_posix(), hit)
        for path in code
        for hit in names_hidden.findall(path.read_text())
    }
    assert found == {("textflix/reviews/models.py", "hidden=")}


def imported(path: Path) -> set[str]:
    """The first names of the modules that a file imports from outside the project and the standard library."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - set(OURS)


def plain(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[=<>~ ]", requirement)[0]).lower()


def project() -> dict[str, Any]:
    return pyproject()["project"]


def test_what_is_imported_is_a_declared_and_pinned_dependency():
    packages = importlib.metadata.packages_distributions()
    declared = {plain(name) for name in project()["dependencies"]}
    extras = {plain(name) for name in project()["optional-dependencies"]["experiments"]}
    undeclared = {
        f"{path.relative_to(REPOSITORY)}: {name}"
        for path in sources()
        for name in imported(path)
        # What is not installed is not in `packages`: then the module has its package's name.
        if not {plain(package) for package in packages.get(name, [name])}
        & (declared | extras if path in EXPERIMENTS else declared)
    }
    assert undeclared == set()


def test_what_the_core_imports_only_where_it_is_asked_for_is_in_an_extra():
    asked = {name for path in sources() for name in re.findall(r"\bextra\(\"(\w+)", path.read_text())}
    assert {"fastai", "gensim"} <= asked
    assert asked - {plain(name) for name in project()["optional-dependencies"]["experiments"]} == set()


def test_every_dependency_is_pinned_and_the_pins_agree():
    constraints = (REPOSITORY / "constraints.txt").read_text().splitlines()
    pins = dict(re.fullmatch(r"([\w.-]+)==([\w.]+)", line).groups() for line in constraints if line[:1] != "#")
    pins = {plain(name): version for name, version in pins.items()}
    asked = [*project()["dependencies"], *chain(*project()["optional-dependencies"].values())]
    wanted = [name.partition(";")[0] for name in asked]
    assert len(wanted) > 50
    assert {name for name in wanted if pins.get(plain(name)) != name.partition("==")[2]} == set()


def test_safe_production_settings_pass_djangos_deployment_check():
    done = python("manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("unsafe", "message"),
    [
        ({"DEBUG": "1"}, "DEBUG must be off in production."),
        ({"SECRET_KEY": ""}, "Production needs SECRET_KEY to be set."),
        ({"SECRET_KEY": "kV9-dQ2xZr7_mB4n"}, "SECRET_KEY must be random and at least 50 characters long."),
        ({"SECRET_KEY": "secret" * 10}, "SECRET_KEY must be random and at least 50 characters long."),
        ({"ALLOWED_HOSTS": ""}, "Production needs ALLOWED_HOSTS to be set."),
        ({"DATABASE_URL": ""}, "Production needs DATABASE_URL to be set."),
        ({"REDIS_URL": ""}, "Production needs REDIS_URL to be set."),
        *(
            (
                {"EMAIL_URL": url},
                "Production needs EMAIL_URL to name a mail server: letters hold links no log may show.",
            )
            for url in ("", *(f"{kind}mail://" for kind in ("console", "CONSOLE", "dummy", "memory", "file")))
        ),
        *(
            ({"ALLOWED_HOSTS": hosts}, "ALLOWED_HOSTS must name the site's hosts, not * or all of a top-level domain.")
            for hosts in ("*", "textflix.example, *", ".", ".com")
        ),
        ({"SENTIMENT_CRITIC": "best"}, 'SENTIMENT_CRITIC must be "shipped" or "demo", not "best".'),
    ],
)
def test_unsafe_production_settings_refuse_to_start_with_one_sentence(unsafe, message):
    done = python("-c", "import textflix.wsgi", **PRODUCTION | unsafe)
    assert done.returncode != 0
    assert done.stderr.rstrip().splitlines()[-1].endswith(f"ImproperlyConfigured: {message}")


@pytest.mark.parametrize(
    ("given", "proxies"),
    [
        ({}, 1),
        ({"TRUSTED_PROXIES": "2"}, 2),
        ({"TRUSTED_PROXIES": "0"}, 0),
        ({"BEHIND_TLS_PROXY": "0"}, 0),
        ({"TEXTFLIX_PRODUCTION": "0"}, 0),
    ],
)
def test_the_proxy_that_says_how_visitors_came_says_where_from_too(given, proxies):
    code = "from django.conf import settings; print(settings.TRUSTED_PROXIES)"
    assert python("-c", code, **PRODUCTION | given).stdout.split() == [str(proxies)]


def test_in_production_no_other_host_can_set_a_cookie():
    used = "[name for name in dir(settings) if name.endswith('_COOKIE_NAME') and name != 'LANGUAGE_COOKIE_NAME']"
    code = f"from django.conf import settings; print(*(getattr(settings, name) for name in {used}))"
    names = python("-c", code, **PRODUCTION).stdout.split()
    assert len(names) == 4
    assert all(name.startswith("__Host-") for name in names)


@pytest.mark.parametrize(
    ("given", "critic", "base"),
    [
        ({}, "shipped", "shipped"),
        ({"SENTIMENT_CRITIC": "", "SENTIMENT_BASE": ""}, "shipped", "shipped"),
        ({"SENTIMENT_CRITIC": "demo"}, "demo", "minilm"),
        ({"SENTIMENT_CRITIC": "demo", "SENTIMENT_BASE": "mpnet"}, "demo", "mpnet"),
    ],
)
def test_a_critic_of_the_demo_corpus_alone_retrains_from_an_encoder_alone(given, critic, base):
    code = "from django.conf import settings; print(settings.SENTIMENT_CRITIC, settings.SENTIMENT_BASE)"
    assert python("-c", code, **PRODUCTION | given).stdout.split() == [critic, base]


@pytest.mark.parametrize("name", ["img/learning-curve.svg", "data/learning-curve.csv"])
def test_the_learning_curve_that_is_served_is_the_one_of_the_docs(name: str) -> None:
    served, told = (REPOSITORY / folder / name for folder in ("static", "docs"))
    assert served.read_bytes() == told.read_bytes()
