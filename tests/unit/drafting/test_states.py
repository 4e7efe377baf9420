"""States: flags are 0 and 1, status words are counted, groups of flags are one metric."""

from __future__ import annotations


def test_flags_that_are_the_same_everywhere_are_kept(drafted, next_host):
    drafted("<c><node name='a' online='true' unclean='false'/><node name='b' online='true' unclean='false'/></c>")
    found = next_host("<c><node name='a' online='false' unclean='true'/></c>")
    assert {series.partition("{")[0]: value for series, value in found.items() if "node_" in series} == {
        "c_node_online": 0,
        "c_node_unclean": 1,
    }


def test_status_words_are_states(drafted):
    rows = "".join(f"<psu name='p{n}' state='{state}'/>" for n, state in enumerate(("Online", "Online", "Offline")))
    draft = drafted(f"<r>{rows}</r>")
    assert draft.values("r_psu_state") == [1, 1, 0]
    assert draft.labels("r_psu_rows") == {"state": "@state"}
    assert sorted(draft.values("r_psu_rows")) == [1, 2]


def test_flags_of_one_group_are_one_metric(drafted):
    reasons = "".join(f"<{name}>Not Active</{name}>" for name in ("idle", "heat", "power"))
    draft = drafted(f"<r><gpu id='g0'><throttle_reasons>{reasons}</throttle_reasons><load>5 %</load></gpu></r>")
    metric = draft.metrics["r_gpu_throttle_reasons"]
    assert metric["labels"] == {"gpu": "../../@id", "throttle_reason": "name()"}
    assert draft.values("r_gpu_throttle_reasons") == [0, 0, 0]


def test_amounts_of_one_group_are_one_metric_without_what_is_another(drafted):
    draft = drafted(
        "<r><gpu id='g0'><power><state>P0</state><draw>30 W</draw><limit>80 W</limit><max>90 W</max></power></gpu></r>"
    )
    assert draft.metrics["r_gpu_power_watts"]["where"] == {"name()": {"not": ["state"]}}
    assert draft.values("r_gpu_power_watts") == [30, 80, 90]
