"""States: flags are 0 and 1, status words are counted, groups of flags are one metric."""

from __future__ import annotations

import pytest


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


FLAGS = [("true", "false"), ("Yes", "No"), ("ON", "OFF"), ("disabled", "enabled")]


@pytest.mark.parametrize(("seen", "other"), FLAGS)
def test_of_two_words_a_third_is_no_value_and_is_counted(seen, other, drafted, next_host):
    drafted(f"<r><d name='a' spinning='{seen}'/></r>")
    found = next_host(f"<r><d name='a' spinning='{other}'/><d name='b' spinning='maybe'/></r>")
    good = float(seen.lower() == "disabled")
    assert [value for series, value in found.items() if "spinning" in series] == [good]


def test_every_other_word_for_a_status_is_0_and_counted_by_itself(drafted, next_host):
    drafted("<r><d name='a' status='OK'/><d name='b' status='OK'/></r>")
    found = next_host("<r><d name='a' status='OK'/><d name='b' status='Predictive Failure'/></r>")
    values = {series.partition(",path")[0]: value for series, value in found.items()}
    assert values['r_d_status{d="b"'] == 0
    assert any('status="Predictive Failure"' in series for series in found)


def test_a_status_of_which_no_word_is_known_is_counted_by_its_words(drafted, next_host):
    drafted("<r><service><state>Frobbing</state><load>3</load></service></r>")
    found = next_host("<r><service><state>Stuck</state><load>3</load></service></r>")
    assert any('state="Stuck"' in series and value == 1 for series, value in found.items())
