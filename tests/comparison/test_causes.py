from __future__ import annotations

from dataclasses import replace

from imgdiag.analysis import Sizes
from imgdiag.comparison import Comparison, compare
from imgdiag.comparison.causes import CauseKind
from imgdiag.reports._difference._causes import title
from tests.comparison.images import OTHER_SITE, compared, layer, taken
from tests.comparison.test_packages import debian
from tests.made import distribution

APP = distribution("app", {"app.py": 1}, requires=["torch"])


def rows(comparison: Comparison) -> list[tuple[str, str, str]]:
    """Return each cause's kind, change and name, in their order."""
    return [(each.kind.value, each.change.value, each.name) for each in comparison.causes]


def test_a_new_package_and_what_it_brings_are_one_cause() -> None:
    torch = distribution("torch", {"torch.so": 5_000_000}, requires=["cudnn"])
    cudnn = distribution("cudnn", {"cudnn.so": 9_000_000})
    found = compared(
        layer(files=APP), (layer(files=APP), layer("RUN more", files={**torch, **cudnn}))
    )
    [cause] = found.causes
    assert rows(found) == [("package", "added", "torch")]
    assert [each.name for each in cause.parts] == ["torch", "cudnn"]
    assert cause.bytes == sum(each.bytes for each in cause.parts) == found.growth
    assert cause.chain == ("app", "torch")
    assert cause.layer is not None
    assert cause.layer.instruction == "RUN more"
    assert cause.base_layer is None


def test_a_new_version_brings_and_takes_along() -> None:
    old = {
        **distribution("torch", {"torch.so": 5_000_000}, version="1.0", requires=["cudnn", "six"]),
        **distribution("cudnn", {"cudnn.so": 9_000_000}),
        **distribution("six", {"six.py": 3_000}),
    }
    new = {
        **distribution("torch", {"torch.so": 4_000_000}, version="2.0", requires=["triton"]),
        **distribution("triton", {"triton.so": 500_000}),
        **distribution("six", {"six.py": 3_000}),
    }
    found = compared(layer(files={**APP, **old}), layer(files={**APP, **new}))
    [cause] = found.causes
    assert rows(found) == [("package", "version", "torch")]
    assert [(each.name, each.base_version, each.head_version) for each in cause.parts] == [
        ("torch", "1.0", "2.0"),
        ("cudnn", "1.0", ""),
        ("triton", "", "1.0"),
    ]
    assert cause.bytes == found.growth


def test_what_an_extra_brings_is_one_cause() -> None:
    lib = distribution("lib", {"lib.py": 1}, requires=["a; extra == 'fast'", "b; extra == 'fast'"])
    app = distribution("app", {"app.py": 1}, requires=["lib"])
    asking = distribution("app", {"app.py": 1}, requires=["lib[fast]"])
    fast = {**distribution("a", {"a.so": 900}), **distribution("b", {"b.so": 7_000})}
    base, head = layer(files={**app, **lib}), layer(files={**asking, **lib, **fast})
    found = compared(base, head)
    assert rows(found)[0] == ("package", "added", "lib[fast]")
    assert [each.name for each in found.causes[0].parts] == ["b", "a"]
    assert found.causes[0].chain == ("app", "lib")
    assert rows(compared(head, base))[0] == ("package", "removed", "lib[fast]")
    assert title(found.causes[0], found) == "lib[fast]: 2 packages, new"


def test_packages_of_the_same_version_are_one_cause_without_a_layer() -> None:
    before = {**distribution("a", {"a.py": 900}), **distribution("b", {"b.py": 900})}
    after = {**distribution("a", {"a.py": 500}), **distribution("b", {"b.py": 100})}
    found = compared(layer(files=before), layer(files=after))
    [cause] = found.causes
    assert cause.kind is CauseKind.SAME_VERSIONS
    assert [(each.name, each.bytes) for each in cause.parts] == [("b", -800), ("a", -400)]
    assert cause.layer is None


def test_a_whole_environment() -> None:
    tool = {
        **distribution("a", {"a.py": 900}, site=OTHER_SITE),
        **distribution("b", {"b.py": 7_000}, site=OTHER_SITE),
    }
    found = compared(layer(files=APP), (layer(files=APP), layer("COPY tool /opt", files=tool)))
    [cause] = found.causes
    assert rows(found) == [("environment", "added", OTHER_SITE)]
    assert [each.name for each in cause.parts] == ["b", "a"]
    gone = compared((layer(files=APP), layer("COPY tool /opt", files=tool)), layer(files=APP))
    assert rows(gone) == [("environment", "removed", OTHER_SITE)]


def test_system_packages_are_a_cause_for_each_change() -> None:
    found = compared(
        layer(files=debian(gone=500_000, other=100, kept=1)),
        layer(files=debian(new=7_000_000, more=20, other=300, kept=1)),
    )
    system = [each for each in found.causes if each.kind is CauseKind.SYSTEM]
    assert [(each.change.value, each.name, each.bytes) for each in system] == [
        ("added", "dpkg", 7_000_020),
        ("removed", "dpkg", -500_000),
        ("version", "dpkg", 200),
    ]
    assert [each.name for each in system[0].parts] == ["new", "more"]


def test_files_of_nobody_name_the_folder_and_the_layer_that_made_most_of_it() -> None:
    base = (layer(files={"etc/a": 5}), layer("COPY src /srv", files={"srv/app.py": 100}))
    models = {"srv/models/a.bin": 30_000_000, "srv/models/b.bin": 20_000_000}
    head = (
        *base,
        layer("COPY models /srv/models", files=models),
        layer("RUN touch", files={"srv/models/c.bin": 1_000_000}),
    )
    found = compared(base, head)
    [cause] = found.causes
    assert rows(found) == [("files", "added", "srv/models")]
    assert cause.bytes == 51_000_000
    assert cause.layer is not None
    assert cause.layer.instruction == "COPY models /srv/models"


def test_waste_names_both_layers_in_both_images() -> None:
    make, clean = layer("RUN make", files={"a": 900}), layer("RUN rm a", deletes=("a",))
    found = compared(make, (make, clean))
    assert rows(found) == [("files", "removed", ""), ("waste", "added", "deleted")]
    waste = found.causes[1]
    assert (waste.bytes, found.growth) == (900, 0)
    assert waste.layer is not None
    assert waste.hidden_by is not None
    assert (waste.layer.instruction, waste.hidden_by.instruction) == ("RUN make", "RUN rm a")
    more = compared((make, clean), (layer("RUN make", files={"a": 1_000}), clean))
    assert rows(more) == [("waste", "bytes", "deleted")]
    assert more.causes[0].bytes == 100
    assert more.causes[0].base_layer != more.causes[0].head_layer


def test_waste_that_nobody_can_explain_has_a_row_of_its_own() -> None:
    image = taken(layer(files={"a": 10}))
    quick = replace(
        image,
        route="quick",
        sizes=Sizes(layer_bytes=310, visible_bytes=10, wasted_bytes=300, transfer_bytes=None,
                    engine_bytes=310, symlink_bytes=0),
    )  # fmt: skip
    found = compare(image, quick)
    assert rows(found) == [("unexplained", "bytes", "unexplained")]
    assert found.causes[0].bytes == found.growth == 300
    [warning] = found.warnings
    assert warning == (
        "HEAD was read with --quick: its layers are as the engine counts them, and why bytes are "
        "wasted is not known"
    )


def test_other_platforms_are_warned_of() -> None:
    image = taken(layer(files={"a": 10}))
    found = compare(image, replace(image, platform="linux/arm64"))
    assert found.warnings == ("different platforms: BASE is for linux/amd64, HEAD for linux/arm64",)
