"""Names beside values, as in property lists."""

from __future__ import annotations


def dictionary(*pairs):
    return f"<dict>{''.join(f'<key>{key}</key>{value}' for key, value in pairs)}</dict>"


def text(value):
    return f"<string>{value}</string>"


def number(value):
    return f"<integer>{value}</integer>"


def disk(name, size, *others):
    return dictionary(("name", text(name)), ("size", number(size)), *others)


def test_values_are_found_by_the_names_beside_them(drafted, next_host):
    flag, level = ("removable", "<true/>"), ("temp", number(30))
    drafted(f"<plist><array>{disk('d0', 5, flag, level)}{disk('d1', 7, ('removable', '<false/>'))}</array></plist>")
    found = next_host(f"<plist><array>{disk('d7', 9, ('removable', '<true/>'))}</array></plist>")
    values = {series.partition("{")[0]: value for series, value in found.items() if 'dict="d7"' in series}
    assert values == {"plist_dict_size": 9, "plist_dict_removable": 1}


def test_a_single_dictionary_has_numbers_too(drafted):
    draft = drafted(f"<plist>{dictionary(('Uptime', number(5)), ('Host', text('mac')))}</plist>")
    assert draft.values("plist_dict_uptime") == [5]


def test_dictionaries_in_each_other_are_things_of_kinds_by_what_they_are_called(drafted):
    volumes = "".join(dictionary(("bsd_name", text(f"d0s{n}")), ("size", number(n))) for n in (3, 4))
    device = dictionary(("bsd_name", text("d0")), ("size", number(9)), ("volumes", f"<array>{volumes}</array>"))
    port = dictionary(("port_id", text("P1")), ("speed", number(6)), ("items", f"<array>{device}</array>"))
    names = dictionary(("bsd_name", dictionary(("order", number(1)))), ("size", dictionary(("order", number(2)))))
    draft = drafted(f"<plist><array>{port}{names}</array></plist>")
    assert draft.labels("plist_bsd_size") == {"bsd_name": "key[.='bsd_name']/following-sibling::*[1]"}
    assert draft.values("plist_bsd_size") == [9, 3, 4]
    assert draft.values("plist_port_speed") == [6]


def test_an_element_with_one_key_and_its_value_is_a_row(drafted):
    entries = "".join(f"<entry><key>{key}</key><value>{n}</value></entry>" for n, key in enumerate(("a", "b", "c")))
    draft = drafted(f"<map>{entries}</map>")
    assert draft.labels("map_entry_value") == {"key": "key"}
    assert draft.values("map_entry_value") == [0, 1, 2]


def test_names_that_a_path_can_not_hold_are_left_out(drafted):
    odd = "it's &quot;odd&quot;"
    assert drafted(f"<plist>{dictionary(('a', number(5)), (odd, number(6)), ('it&apos;s', number(7)))}</plist>").metrics
