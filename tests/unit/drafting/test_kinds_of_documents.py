"""Shapes of documents as real programs write them, each small: what is drafted of them, and what is not."""

from __future__ import annotations


def number(draft, name):
    """The series of a metric without the source: label values -> number."""
    return {
        series.partition("{")[2].partition(",path=")[0]: value
        for series, value in draft.found.items()
        if series.startswith(f"{name}{{")
    }


def test_measurements_of_several_units_are_a_metric_for_each_family(drafted, next_host):
    kinds = (
        ("Voltage", "230", "V"),
        ("Power", "5", "kW"),
        ("Current", "2", "A"),
        ("Load", "50", "%"),
        ("Gust", "7", "kt"),
    )
    rows = "".join(f"<m Type='{kind}' Value='{value}' Unit='{unit}'/>" for kind, value, unit in kinds)
    draft = drafted(f"<r><device Name='d'>{rows}</device></r>")
    assert draft.values("r_m_value_volts") == [230]
    assert draft.values("r_m_value_watts") == [5000]
    assert draft.values("r_m_value_ratio") == [0.5]
    assert draft.values("r_m_value_kt") == [7]
    assert "@Type" in draft.labels("r_m_value_volts").values()
    found = next_host("<r><device Name='d'><m Type='Power' Value='7' Unit='W'/></device></r>")
    assert [value for series, value in found.items() if series.startswith("r_m_value_watts")] == [7]


def test_a_unit_beside_several_numbers_is_that_of_what_is_measured(drafted):
    rows = "".join(f"<d><name>{n}</name><nr>{n}</nr><act>4</act><warn>9</warn><unit>ms</unit></d>" for n in (1, 2))
    draft = drafted(f"<r>{rows}</r>")
    assert draft.values("r_d_act_seconds") == [0.004, 0.004]
    assert not [name for name in draft.metrics if "nr" in name and "seconds" in name]


def test_an_element_of_the_name_of_one_around_it_that_holds_none_is_a_field(drafted):
    rows = "".join(f"<row><interface>e{n}</interface><inbytes>{n}</inbytes></row>" for n in (1, 2))
    draft = drafted(f"<show><interface>{rows}</interface></show>")
    assert number(draft, "show_row_inbytes_total") == {'interface="e1"': 1, 'interface="e2"': 2}


def test_the_name_in_a_group_that_each_row_has_is_the_rows_key(drafted):
    rows = "".join(f"<v><ids><name>v{n}</name><type>rw</type></ids><space><size>{n}</size></space></v>" for n in (5, 6))
    draft = drafted(f"<r><list>{rows}</list></r>")
    assert draft.labels("r_v_space_size")["name"] == "ids/name"
    assert draft.values("r_v_space_size") == [5, 6]


def test_a_kind_that_is_different_in_each_row_is_the_key(drafted):
    rows = "".join(f"<sensor type='{kind}' rpm='3'/>" for kind in ("lift", "door", "roof", "wall"))
    assert drafted(f"<r>{rows}</r>").labels("r_sensor_rpm") == {"type": "@type"}


def test_bare_numbers_of_columns_are_not_added_up(drafted):
    rows = "".join(f"<row><t>{n}</t><v>0.{n}</v><v>5{n}00</v></row>" for n in (1, 2))
    draft = drafted(f"<export><legend><entry>cpu</entry><entry>memory</entry></legend><data>{rows}</data></export>")
    assert not [name for name in draft.metrics if name.endswith("_v")]


def test_a_sentence_with_numbers_is_no_label(drafted):
    rows = "".join(f"<metar><id>{s}</id><raw>{s} 250850Z 24003KT</raw><city>of {s}</city></metar>" for s in ("A", "B"))
    labels = drafted(f"<r>{rows}</r>").labels("r_metar_info")
    assert "raw" not in labels
    assert "city" in labels


def test_a_status_whose_name_is_written_together_is_one(drafted):
    draft = drafted("<r><c id='a' channelstatedesc='Up'/><c id='b' channelstatedesc='Down'/></r>")
    assert draft.values("r_c_channelstatedesc") == [1, 0]


def test_missed_branches_are_no_megabytes(drafted):
    draft = drafted("<r><package name='a' mb='4' cb='3'/><package name='b' mb='2' cb='1'/></r>")
    assert not [name for name in draft.metrics if name.endswith("_bytes")]
    assert next(iter(draft.metrics.values()))["value"].get("scale") is None


def test_more_than_twenty_counters_by_name_are_one_metric(drafted):
    rows = "".join(f"<counter name='c{n}'>{n}</counter>" for n in range(40))
    draft = drafted(f"<r><counters type='query'>{rows}</counters></r>")
    found = [name for name in draft.metrics if len(draft.values(name)) == 40]
    assert len(found) == 1
    assert "name" in str(draft.labels(found[0]))


def test_single_bytes_are_the_number_of_bytes(drafted):
    draft = drafted("<r><link><state>1</state><download><bytes>1234</bytes></download></link></r>")
    assert [draft.values(name) for name in draft.metrics if "bytes" in name] == [[1234]]


def test_the_reason_for_words_and_numbers_is_true(drafted):
    rows = "".join(
        f"<d name='d{n}' level='{level}'/>" for n, level in enumerate(("low", "high", "5", "7", "some", "any"))
    )
    draft = drafted(f"<r>{rows}</r>")
    assert "another value in every row" not in draft.text


def test_elements_named_after_types_are_told_apart_by_their_names(drafted):
    index = (
        "<lst name='index'><int name='docs'>{0}</int><int name='deleted'>1</int><bool name='current'>true</bool></lst>"
    )
    cores = "".join(f"<lst name='{name}'>{index.format(docs)}</lst>" for name, docs in (("a", 5), ("b", 7)))
    draft = drafted(f"<response><lst name='status'>{cores}</lst></response>")
    assert sorted(draft.values("response_int")) == [1, 1, 5, 7]
    assert draft.values("response_bool") == [1, 1]


def test_nested_elements_of_several_kinds_are_told_apart_by_their_attributes(drafted):
    rates = "".join(f"<Cube currency='{name}' rate='{n}.5'/>" for n, name in enumerate(("USD", "JPY", "CHF", "DKK")))
    draft = drafted(f"<Envelope><Cube><Cube time='2026-11-24'>{rates}</Cube></Cube></Envelope>")
    assert draft.labels("envelope_currency_rate") == {"currency": "@currency"}
    assert sorted(draft.values("envelope_currency_rate")) == [0.5, 1.5, 2.5, 3.5]


def test_a_thing_of_which_each_row_happens_to_have_one_may_be_there_more_often(drafted, next_host):
    case = "<testcase name='{0}' time='2'><out>{0}</out></testcase>"
    suite = "<testsuite name='{}'>{}</testsuite>"
    drafted(f"<all>{suite.format('a', case.format('x'))}{suite.format('b', case.format('y'))}</all>")
    assert next_host(f"<all>{suite.format('a', case.format('x') + case.format('z'))}</all>")


def test_kinds_of_dictionaries_may_share_words(drafted):
    def dictionary(*pairs):
        return f"<dict>{''.join(f'<key>{key}</key><string>{text}</string>' for key, text in pairs)}</dict>"

    disk = dictionary(("bsd_name", "d0"), ("size", "5 GB"), ("device_model", "M1"))
    volume = dictionary(("bsd_name", "d0s1"), ("size", "4 GB"))
    drive = dictionary(("device_model", "M2"), ("ncq", "Yes"))
    inner = f"<dict><key>items</key><array>{disk}{volume}{drive}</array></dict>"
    draft = drafted(f"<plist><array>{inner}</array></plist>")
    assert draft.values("plist_bsd_size_bytes") == [5e9, 4e9]
    assert [series for series in draft.found if 'bsd_name="d0"' in series and 'device_model="M1"' in series]


def test_the_only_element_of_a_list_may_be_there_more_often(drafted, next_host):
    mount = "<Mount Name='{}' Free='{}'/>"
    drafted(f"<r><v load='1'/><FileSystem>{mount.format('/', 5)}</FileSystem></r>")
    found = next_host(f"<r><v load='1'/><FileSystem>{mount.format('/', 5)}{mount.format('/srv', 7)}</FileSystem></r>")
    assert [value for series, value in found.items() if "mount_free" in series] == [5, 7]
