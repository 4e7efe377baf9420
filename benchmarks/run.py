#!/usr/bin/env python3
"""Measure the CPU time and memory of xmlprom and of other ways to do the same, and print one table.

Every way is a process of its own. CPU time is user and system; each figure is the median of several rounds, in
which all ways take turns, so that another program's load falls on all of them; a ratio is the median of the rounds'.
It measures with the distribution's Python and packages, as hosts run it, where they are there.
Sources are generated once, into .cache/bench. Needs xmlstarlet and xmllint for their rows of the table.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from operator import truediv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CACHE = ROOT / ".cache" / "bench"
PROGRAM = CACHE / "program"
EXECUTABLE = PROGRAM / "bin" / "xmlprom"
IMPORTS = "import lxml.etree, yaml, prometheus_client"
STORE = str(ROOT / "examples" / "store.yml")
MB = 1 << 20


@dataclass(frozen=True)
class Cost:
    """The cost of one way in each round: seconds of CPU time, peak of resident memory in bytes."""

    cpus: tuple[float, ...]
    peaks: tuple[float, ...]

    @property
    def cpu(self) -> float:
        return statistics.median(self.cpus)

    @property
    def memory(self) -> float:
        return statistics.median(self.peaks)


@dataclass(frozen=True)
class Line:
    """One line of the table; `missed` is None unless it compares with a target."""

    what: str
    cpu: str = ""
    memory: str = ""
    target: str = ""
    missed: bool | None = None


class Benchmark:
    """Runs ways with one interpreter; `scale` divides the sizes and `rounds` says how often."""

    def __init__(self, python: str, scale: int, rounds: int) -> None:
        self.python = [python, "-I"]  # as the launcher's first line has it
        self.scale = scale
        self.rounds = rounds

    def lines(self) -> Iterator[Line]:
        yield from self.startup()
        yield from self.store()
        yield from self.orders()
        yield from self.around()
        yield from self.more_metrics()
        yield from self.more_series()

    def startup(self) -> Iterator[Line]:
        arguments = ["collect", STORE, "--source", str(ROOT / "examples" / "store.xml"), "--dry-run"]
        costs = measure(
            {
                "bare imports (lxml.etree, yaml, prometheus_client)": [*self.python, "-c", IMPORTS],
                "collect, 6 rows": [*self.python, str(EXECUTABLE), *arguments],
                "collect, 6 rows, from the checkout": [*self.python, str(ROOT / "scripts" / "xmlprom"), *arguments],
            },
            4 * self.rounds + 1,
        )
        yield from shown(costs)
        imports, executable, checkout = costs.values()
        yield cpu_target("collect, 6 rows ÷ bare imports", executable, imports, 0.85)
        yield cpu_target("collect, 6 rows, from the checkout ÷ bare imports", checkout, imports, 1.3)

    def store(self) -> Iterator[Line]:
        rows = 2_400_000 // self.scale
        source = generated("store", rows)
        counts = ["count(/store/*)"]
        for item in ("orange", "strawberry", "apple", "banana"):
            known = [f"@operation='{operation}'" for operation in ("create", "update", "delete")]
            counts += [f"count(/store/{item}[{test}])" for test in (*known, f"not({' or '.join(known)})")]
        ways = {
            "collect": [*self.python, str(EXECUTABLE), "collect", STORE, "--source", source, "--dry-run"],
            "floor: lxml target, empty start and end": [*self.python, str(HERE / "floor.py"), source],
            "whole tree: etree.parse and a loop": [*self.python, str(HERE / "tree.py"), source],
        }
        beside = {
            "bare imports": [*self.python, "-c", IMPORTS],
            "xmlstarlet sel, a count() per series": xmlstarlet(counts, source),
            "xmllint --sax --noout": ["xmllint", "--sax", "--noout", source],
        }
        beside = {what: command for what, command in beside.items() if shutil.which(command[0])}
        costs = measure(ways, 3 * self.rounds)  # one round's ratio to the tree is between 0.33 and 0.52
        collect, floor, tree = costs.values()
        costs.update(measure(beside, self.rounds))
        imports = costs.pop("bare imports")
        yield Line(f"**store: {rows:,} rows, {os.path.getsize(source) / 1e6:.0f} MB**")
        yield from shown(costs)
        yield cpu_target("collect ÷ floor", collect, floor, 1.6)
        yield cpu_target("collect ÷ whole tree", collect, tree, 0.45)
        yield memory_target("collect ÷ bare imports", collect, imports, 1.3)
        larger = self.ten_times_the_store(rows)
        yield Line(f"collect, {10 * rows:,} rows", f"{larger.cpu:.2f} s", f"{larger.memory / MB:.1f} MB")
        yield memory_target("10 times the rows ÷ collect", larger, collect, 1.05)

    def ten_times_the_store(self, rows: int) -> Cost:
        source = generated("store", 10 * rows)
        mapping = CACHE / "store-large.yml"
        mapping.write_text(Path(STORE).read_text(encoding="utf-8") + "limits:\n  source_size: 2GiB\n", "utf-8")
        command = [*self.python, str(EXECUTABLE), "collect", str(mapping), "--source", source, "--dry-run"]
        try:
            return measure({"": command}, 1)[""]
        finally:
            os.unlink(source)

    def orders(self) -> Iterator[Line]:
        rows = 500_000 // self.scale
        source = generated("orders", rows)
        mapping = str(HERE / "orders.yml")
        costs = measure(
            {
                "collect, texts of children, one a sum": [
                    *(*self.python, str(EXECUTABLE), "collect", mapping, "--source", source, "--dry-run")
                ],
                "floor for this source": [*self.python, str(HERE / "floor.py"), source],
            },
            self.rounds,
        )
        yield Line(f"**orders: {rows:,} rows with 5 children, {os.path.getsize(source) / 1e6:.0f} MB**")
        yield from shown(costs)
        collect, floor = costs.values()
        yield cpu_target("collect ÷ floor", collect, floor, 2.5)

    def around(self) -> Iterator[Line]:
        """Rows that need a text from around them, beside the same rows that don't."""
        rows = 300_000 // self.scale
        source = generated("counters", rows)
        paths = {
            "an attribute of the row": "@p",
            "the same joined with a table": "../../type[@p=current()/@p]",
            "an attribute two levels up": "../../@area",
            "a child two levels up": "../../name",
        }
        mappings = {
            what: [f"  - {{name: sums, help: h, labels: {{l: '{path}'}}, value: {{from: v, aggregate: sum}}}}"]
            for what, path in paths.items()
        }
        rows_path = "/data/group/object/r"
        costs = measure(
            {
                what: self.collect(f"around-{number}", metrics, source, rows_path)
                for number, (what, metrics) in enumerate(mappings.items())
            },
            3 * self.rounds,
        )
        yield Line(f"**counters: {rows:,} rows, each named by a table, {os.path.getsize(source) / 1e6:.0f} MB**")
        yield from shown(costs)
        own, joined, attribute, child = costs.values()
        yield cpu_target("join ÷ attribute of the row", joined, own, 1.4)
        yield cpu_target("ancestor's child ÷ ancestor's attribute", child, attribute, 1.15)
        large = generated("counters", 10 * rows)
        try:
            for number, (what, small) in zip((1, 3), (("join", joined), ("child", child))):
                metrics = list(mappings.values())[number]
                larger = measure({what: self.collect(f"around-{number}", metrics, large, rows_path)}, 1)[what]
                yield memory_target(f"{what}, 10 times the rows ÷ {rows:,} rows", larger, small, 1.05)
        finally:
            os.unlink(large)

    def more_metrics(self) -> Iterator[Line]:
        rows = 24_000 // self.scale
        source = generated("series", rows, 10)
        ways = {}
        sizes = "{from: '@size', aggregate: sum}"
        for count in (1, 10, 100):
            metrics = [
                f"  - {{name: size_{number}, help: h, labels: {{key: '@key'}}, value: {sizes}}}"
                for number in range(count)
            ]
            ways[f"{count} metrics" if count > 1 else "1 metric"] = self.collect(f"metrics-{count}", metrics, source)
        yield Line(f"**sums: {rows:,} rows, all numbers differ**")
        yield from self.growth(ways, "metric", (9, 90))

    def more_series(self) -> Iterator[Line]:
        rows = 240_000 // self.scale
        counts = [count for count in (10, 100, 1_000, 10_000, 100_000) if count <= rows]
        metrics = ["  - {name: rows_by_key, help: h, labels: {key: '@key'}}"]
        ways = {
            f"{count:,} series": self.collect("series", metrics, generated("series", rows, count)) for count in counts
        }
        yield Line(f"**series: {rows:,} rows**")
        yield from self.growth(ways, "series", (counts[-2] - counts[-3], counts[-1] - counts[-2]))

    def collect(self, name: str, metrics: list[str], source: str, rows: str = "/store/*") -> list[str]:
        mapping = CACHE / f"{name}.yml"
        lines = [f"rows: {rows}", "limits: {series: 1000000}", "metrics:", *metrics, ""]
        mapping.write_text("\n".join(lines), "utf-8")
        return [*self.python, str(EXECUTABLE), "collect", str(mapping), "--source", source, "--dry-run"]

    def growth(self, ways: dict[str, list[str]], what: str, steps: tuple[int, int]) -> Iterator[Line]:
        """The cost of one more between the last two sizes, divided by that between the two before: 1 is linear."""
        costs = measure(ways, 3 * self.rounds)  # a difference of short runs is mostly noise
        yield from shown(costs)
        *_, small, middle, large = costs.values()
        before = (middle.cpu - small.cpu) / steps[0]
        after = (large.cpu - middle.cpu) / steps[1]
        yield compared(f"cost of one more {what}, last step ÷ step before", after / before, 1.5)


def measure(ways: dict[str, list[str]], rounds: int) -> dict[str, Cost]:
    """Run all ways in turn, `rounds` times."""
    taken: dict[str, list[tuple[float, float]]] = {what: [] for what in ways}
    for number in range(rounds):
        for what, command in ways.items():
            show(f"{number + 1}/{rounds} {what}")
            taken[what].append(_run(command))
    show()
    return {what: Cost(*zip(*found)) for what, found in taken.items()}


def _run(command: list[str]) -> tuple[float, float]:
    quiet = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=[quiet])
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def show(what: str = "") -> None:
    """Show progress on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{what}", end="", file=sys.stderr, flush=True)


def generated(kind: str, rows: int, distinct: int = 1) -> str:
    """The path of a generated source."""
    path = CACHE / f"{kind}-{rows}-{distinct}.xml"
    generator = HERE / "sources.py"
    if not path.exists() or path.stat().st_mtime < generator.stat().st_mtime:
        show(f"generating {path.name}")
        # Not in this process: its peak memory would count as the peak of every child.
        command = [sys.executable, str(generator), kind, str(rows), str(path), str(distinct)]
        subprocess.run(command, check=True)
        show()
    return str(path)


def xmlstarlet(expressions: list[str], source: str) -> list[str]:
    values = [argument for expression in expressions for argument in ("-v", expression, "-n")]
    return ["xmlstarlet", "sel", "-t", *values, source]


def shown(costs: dict[str, Cost]) -> Iterator[Line]:
    for what, cost in costs.items():
        yield Line(what, f"{cost.cpu:.3f} s", f"{cost.memory / MB:.1f} MB")


def cpu_target(what: str, cost: Cost, base: Cost, limit: float) -> Line:
    return compared(what, statistics.median(map(truediv, cost.cpus, base.cpus)), limit)


def memory_target(what: str, cost: Cost, base: Cost, limit: float) -> Line:
    line = compared(what, cost.memory / base.memory, limit)
    return Line(line.what, "", line.cpu, line.target, line.missed)


def compared(what: str, ratio: float, limit: float) -> Line:
    missed = ratio > limit
    return Line(f"→ {what}", f"{ratio:.2f}", "", f"at most {limit:g}: {'missed' if missed else 'reached'}", missed)


def hosts_python() -> str:
    """The distribution's interpreter, if it has the packages, else this one."""
    python = "/usr/bin/python3"
    command = [python, "-I", "-c", IMPORTS]
    if shutil.which(python) and subprocess.run(command, capture_output=True, check=False).returncode == 0:
        return python
    print(f"{python} lacks packages: measuring with {sys.executable}", file=sys.stderr)
    return sys.executable


def machine(python: str) -> str:
    """The machine and versions that the figures belong to."""
    program = (
        "import platform, lxml.etree as e, yaml, importlib.metadata as m; v = lambda t: '.'.join(map(str, t));"
        "print(f'Python {platform.python_version()}, lxml {v(e.LXML_VERSION[:3])}, libxml2 {v(e.LIBXML_VERSION)},"
        " PyYAML {yaml.__version__}, prometheus_client', m.version('prometheus_client'))"
    )
    versions = subprocess.run([python, "-I", "-c", program], check=True, capture_output=True, text=True).stdout
    models = [line for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines() if line.startswith("model name")]
    model = models[0].partition(":")[2].strip() if models else platform.machine()
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}; {versions.strip()}"


def table(lines: list[Line]) -> str:
    """The lines as a table in Markdown."""
    cells = [("", "CPU", "peak memory", "target"), *((one.what, one.cpu, one.memory, one.target) for one in lines)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    head, *body = [f"| {a:{w}} | {b:>{x}} | {c:>{y}} | {d:{z}} |" for a, b, c, d in cells for w, x, y, z in [widths]]
    rule = "|" + "|".join(["-" * (widths[0] + 2), *(f"{'-' * (w + 1)}:" for w in widths[1:3]), "-" * (widths[3] + 2)])
    return "\n".join([head, f"{rule}|", *body])


def install_program(python: str) -> None:
    """Have the program as the role installs it: its sources, compiled by the host's Python."""
    build = [sys.executable, str(ROOT / "plugins" / "module_utils" / "program.py"), str(CACHE / "archive")]
    shutil.rmtree(CACHE / "archive", ignore_errors=True)
    shutil.rmtree(PROGRAM, ignore_errors=True)
    subprocess.run(build, check=True)
    [archive] = (CACHE / "archive").iterdir()
    shutil.unpack_archive(archive, PROGRAM, "zip")
    subprocess.run([python, "-I", "-m", "compileall", "-q", str(PROGRAM / "xmlprom")], check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", help="interpreter to measure with (default: the distribution's)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the sizes, 3 rounds: start-up weighs too much")
    parser.add_argument("--check", action="store_true", help="exit status 1 if a target is missed")
    options = parser.parse_args()

    CACHE.mkdir(parents=True, exist_ok=True)
    python = options.python or hosts_python()
    install_program(python)
    lines = list(Benchmark(python, 10 if options.quick else 1, 3 if options.quick else 7).lines())
    print(machine(python), table(lines), sep="\n\n")
    return int(options.check and any(line.missed for line in lines))


if __name__ == "__main__":
    sys.exit(main())
