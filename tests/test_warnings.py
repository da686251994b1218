from imgdiag.warnings import Warnings


def test_few_of_each_kind_are_kept_and_the_others_counted() -> None:
    warnings = Warnings()
    for number in range(100_000):
        warnings.add(f"a hard link to nothing: {number}")
    warnings.add("something else")
    assert warnings.messages() == (
        "a hard link to nothing: 0",
        "a hard link to nothing: 1",
        "a hard link to nothing: 2",
        "a hard link to nothing: 99,997 more",
        "something else",
    )
