"""Names that are elsewhere: children of elements around, tables of names, lists of names."""

from __future__ import annotations


def test_the_name_of_an_element_around_may_be_its_child(drafted):
    ops = "<op><name>{}</name><hits>{}</hits></op>"
    bricks = "".join(
        f"<brick><brickName>b{n}</brickName><stats>{ops.format('READ', n)}{ops.format('WRITE', n + 5)}</stats></brick>"
        for n in (1, 2)
    )
    draft = drafted(f"<cli><volume><volName>v</volName>{bricks}</volume></cli>")
    assert draft.labels("cli_op_hits") == {
        "vol_name": "../../../volName",
        "brick_name": "../../brickName",
        "op": "name",
    }
    assert sorted(draft.values("cli_op_hits")) == sorted([1, 6, 2, 7])


VALUES = "<value object='a'><r p='1'>3</r><r p='2'>4</r></value><value object='b'><r p='1'>5</r><r p='2'>6</r></value>"
MEASURED = f"<info id='{{0}}'><type p='1'>{{0}}tries</type><type p='2'>{{0}}hits</type>{VALUES}</info>"


def test_a_number_that_a_table_names_is_labelled_by_the_name(drafted):
    draft = drafted(f"<meas>{MEASURED.format('x')}{MEASURED.format('y')}</meas>")
    assert draft.labels("meas_r") == {
        "info": "../../@id",
        "object": "../@object",
        "type": "../../type[@p=current()/@p]",
    }
    assert sorted(draft.values("meas_r")) == sorted([3, 4, 5, 6] * 2)


def test_numbers_of_a_list_are_labelled_by_the_names_of_another(drafted):
    info = "<info id='{0}'><types>tries hits drops</types><value object='a'><results>3 4 5</results></value></info>"
    draft = drafted(f"<meas>{info.format('x')}{info.format('y')}</meas>")
    assert draft.rows("meas_info_results") == "//info/value/results/tokenize(.)"
    assert sorted(draft.values("meas_info_results")) == sorted([3, 4, 5] * 2)
