"""How each kind of metric is drawn; tests/monitoring asks a real Prometheus every query."""

from __future__ import annotations

from command import EXAMPLES
from xmlprom.dashboard.board import board
from xmlprom.mapping.loader import load

HOSTS = 'group=~"$group",instance=~"$host"'
SECTION = "source: /s.xml\nrows: /s/*\nmetrics:\n"


def drawn(write, *metrics: str, source: str = "/s.xml"):
    """The panels of a mapping's metrics, without those of the collector's health."""
    text = SECTION.replace("/s.xml", source) + "".join(f"  - {{help: H, {metric}}}\n" for metric in metrics)
    made = board([("m", load(str(write("m.yml", text))))])
    return made, [panel for group in made.groups[:-2] for panel in group.panels]


def queries(panels):
    return [query.expression for panel in panels for query in panel.queries]


def test_a_counter_is_a_rate_in_the_units_of_its_name(write):
    _, (panel,) = drawn(write, 'name: read_bytes_total, type: counter, value: {from: "@v", aggregate: sum}')
    assert panel.queries[0].expression == f"rate(read_bytes_total{{{HOSTS}}}[$__rate_interval])"
    assert (panel.kind, panel.unit) == ("lines", "binBps")


def test_a_gauge_is_drawn_over_time_and_a_time_as_an_age(write):
    _, panels = drawn(
        write,
        'name: temp_celsius, value: {from: "@v", aggregate: max}',
        'name: seen_timestamp_seconds, value: {from: "@v", aggregate: max, date: iso8601}',
    )
    assert [(panel.kind, panel.unit) for panel in panels] == [("lines", "celsius"), ("lines", "s")]
    assert queries(panels) == [f"temp_celsius{{{HOSTS}}}", f"time() - seen_timestamp_seconds{{{HOSTS}}}"]


def test_mapped_numbers_are_states_and_a_sum_of_them_is_not(write):
    value = 'value: {from: "@s", map: {OK: 1, bad: 0, worse: 0}, aggregate: %s}'
    _, (state, total) = drawn(
        write, f"name: up, {value % 'last'}".replace("name: up", "name: is_up"), f"name: n, {value % 'sum'}"
    )
    assert (state.kind, state.states) == ("states", ((0, "bad / worse"), (1, "OK")))
    assert (total.kind, total.states) == ("lines", ())


def test_an_info_is_a_table(write):
    _, (panel,) = drawn(write, 'name: a_info, type: info, labels: {v: "@v"}')
    assert (panel.kind, queries([panel])) == ("table", [f"a_info{{{HOSTS}}}"])


def test_a_histogram_is_a_heat_map_and_quantiles(write):
    made, (heat, quantiles) = drawn(
        write, 'name: took_seconds, type: histogram, value: "@v", buckets: [1, 2], labels: {q: "@q"}'
    )
    buckets = f'took_seconds_bucket{{{HOSTS},q=~"$q"}}'
    assert (heat.kind, queries([heat]), heat.unit) == ("heatmap", [f"sum by (le) ({buckets})"], "s")
    assert queries([quantiles])[1] == f"histogram_quantile(0.9, sum by (le, q) ({buckets}))"
    assert [variable.of for variable in made.variables[2:]] == [f"took_seconds_count{{{HOSTS}}}"]


def test_a_summary_is_its_mean_and_its_count(write):
    _, panels = drawn(write, 'name: took_seconds, type: summary, value: "@v"')
    sum_, count = f"took_seconds_sum{{{HOSTS}}}", f"took_seconds_count{{{HOSTS}}}"
    assert queries(panels) == [f"{sum_} / {count}", count]


def test_counts_are_shared_out_by_label(write):
    _, panels = drawn(write, 'name: n, labels: {a: "@a", b: "@b", c: "@c"}')
    assert [(panel.kind, panel.title) for panel in panels] == [("pie", "H: by a"), ("pie", "H: by b"), ("lines", "H")]
    assert panels[2].queries[0].legend == "{{a}} {{b}} {{c}}"  # the hosts are added up
    assert queries(panels)[0] == f'sum by (a) (n{{{HOSTS},a=~"$a",b=~"$b",c=~"$c"}})'


def test_variables_are_the_labels_that_divide(write):
    """A label of the whole document divides nothing; one called host must not hide the choice of hosts."""
    made, _ = drawn(
        write, 'name: n, labels: {host: "@h", version: /s/@v}', 'name: i_info, type: info, labels: {x: "@x"}'
    )
    assert [(variable.name, variable.label) for variable in made.variables[2:]] == [("label_host", "host")]


def test_legends_name_the_source_where_there_are_several(write):
    one, several = drawn(write, "name: n")[1][0], drawn(write, "name: n", source="/s/*.xml")[1][0]
    assert one.queries[0].legend == "{{instance}}"
    assert several.queries[0].legend == "{{instance}} {{path}}"


def test_names_with_labels_are_a_panel_for_each_value_of_the_first():
    groups = board([("legacy", load(str(EXAMPLES / "store-legacy.yml")))]).groups
    pies = {panel.title: panel for panel in groups[0].panels if panel.kind == "pie"}
    assert list(pies) == [f"Rows of {item} in store with operation" for item in ("orange", "strawberry", "apple")]
    expressions = queries([pies["Rows of orange in store with operation"]])
    assert expressions == [
        f"sum(store_orange_{operation}_rows{{{HOSTS}}})" for operation in ("create", "update", "delete")
    ]


def test_the_uid_is_the_same_for_the_same_collectors_and_fits_grafana(write):
    mapping = load(str(write("m.yml", SECTION + "  - {name: n, help: H}\n")))
    assert board([("store", mapping)]).uid == "xmlprom-store"
    long = board([("a" * 30, mapping), ("b" * 30, mapping)]).uid
    assert len(long) == 40
    assert long == board([("a" * 30, mapping), ("b" * 30, mapping)]).uid
    assert long != board([("a" * 30, mapping), ("c" * 30, mapping)]).uid


def test_no_collector_takes_the_place_of_the_dashboard_of_the_fleet(write):
    mapping = load(str(write("m.yml", SECTION + "  - {name: n, help: H}\n")))
    assert board([("fleet", mapping)]).uid != "xmlprom-fleet"


def test_all_series_are_a_table_in_a_closed_row(write):
    made, _ = drawn(
        write, "name: n", "name: took_seconds, type: histogram, value: '@v', buckets: [1], labels: {q: '@q'}"
    )
    assert made.groups[-1].closed
    (table,) = made.groups[-1].panels
    assert queries([table]) == [f'{{__name__=~"n|took_seconds_count|took_seconds_sum",{HOSTS}}}']


def test_an_age_is_not_called_unix_time(write):
    metric = 'name: at_timestamp_seconds, help: "Start, as Unix time", value: {from: "@v", aggregate: max}'
    (panel,) = board([("m", load(str(write("m.yml", f"{SECTION}  - {{{metric}}}\n"))))]).groups[0].panels
    assert panel.title == "Start: age"
