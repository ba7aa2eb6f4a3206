"""Archives of DEAM become a folder, whole or not at all."""

import io
import os
import stat
import zipfile

import pytest

from datasets.contract import DatasetError
from datasets.deam_inventory import FILES
from datasets.install import install_archive, install_folder
from tests.datasets.zips import CONTENT, everything_in, zipped


def install(root, content, name="a.zip"):
    (root / name).write_bytes(content)
    return install_archive(root / name, root / "data", FILES, lambda done, total: None)


def test_an_archive_becomes_a_folder_of_deam(tmp_path):
    counts = install(tmp_path, CONTENT)
    assert counts == {"annotations": 2}
    assert everything_in(tmp_path / "data") == [
        "DEAM/annotations/a.csv", "DEAM/annotations/b/c.csv",
    ]  # fmt: skip


def test_litter_is_left_out_and_an_outer_folder_does_not_matter(tmp_path):
    files = {"__MACOSX/features/._2.csv": b"x", "DEAM/features/2.csv": b"y", "read.me": b"z"}
    assert install(tmp_path, zipped(files)) == {"features": 1}
    assert everything_in(tmp_path / "data") == ["DEAM/features/2.csv"]


@pytest.mark.parametrize(
    "name", ["../evil.csv", "annotations/../../evil.csv", "/evil.csv", "..\\e"]
)
def test_an_archive_that_climbs_out_of_its_folder_is_refused(tmp_path, name):
    content = zipped({"annotations/a.csv": b"1", name: b"evil"})
    with pytest.raises(DatasetError, match=r"would be written outside its folder"):
        install(tmp_path, content)
    assert everything_in(tmp_path) == ["a.zip"]


def test_an_archive_with_a_link_is_refused(tmp_path):
    link = zipfile.ZipInfo("annotations/link.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(DatasetError, match=r"would be written outside its folder"):
        install(tmp_path, buffer.getvalue())


def test_a_truncated_archive_installs_nothing(tmp_path):
    for share in (0.0, 0.3, 0.99):
        with pytest.raises(DatasetError, match=r"is damaged or no zip file"):
            install(tmp_path, CONTENT[: int(share * len(CONTENT))])
    assert everything_in(tmp_path) == ["a.zip"]


def test_a_damaged_byte_inside_installs_nothing(tmp_path):
    damaged = bytearray(CONTENT)
    damaged[1_000_000] ^= 255
    with pytest.raises(DatasetError, match=r"is damaged .*CRC"):
        install(tmp_path, bytes(damaged))
    assert everything_in(tmp_path) == ["a.zip"]


def test_an_archive_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"holds nothing of DEAM"):
        install(tmp_path, zipped({"holiday/beach.jpg": b"1"}))


def test_a_folder_and_the_archives_in_it_are_imported(tmp_path):
    source = tmp_path / "mine" / "deep"
    (source / "metadata").mkdir(parents=True)
    (source / "metadata" / "metadata_2013.csv").write_text("x")
    (source / "song_level_features.csv").write_text("y")
    (source / "all.zip").write_bytes(CONTENT)
    counts = install_folder(tmp_path / "mine", tmp_path / "data", FILES, lambda done, total: None)
    assert counts == {"annotations": 2, "metadata": 1, "mediaeval2015": 1}
    assert everything_in(tmp_path / "data") == [
        "DEAM/annotations/a.csv", "DEAM/annotations/b/c.csv", "DEAM/metadata/metadata_2013.csv",
        "mediaeval2015/song_level_features.csv",
    ]  # fmt: skip
    with pytest.raises(DatasetError, match=r"import from a folder outside --data-root"):
        install_folder(tmp_path, tmp_path / "data", FILES, lambda done, total: None)


def test_a_disk_that_fills_up_while_unpacking_keeps_what_was_there(
    small_disk, tmp_path, monkeypatch
):
    (tmp_path / "a.zip").write_bytes(CONTENT)
    with pytest.raises(DatasetError, match=r"3.8 MB are needed to unpack a.zip, 2.1 MB are free"):
        install_archive(tmp_path / "a.zip", small_disk, FILES, lambda done, total: None)
    monkeypatch.setattr("datasets.install.require_space", lambda *arguments: None)
    kept = small_disk / "DEAM" / "annotations" / "a.csv"
    kept.parent.mkdir(parents=True)
    kept.write_text("before")
    with pytest.raises(DatasetError, match=r"No space left on device\). Nothing was installed"):
        install_archive(tmp_path / "a.zip", small_disk, FILES, lambda done, total: None)
    assert everything_in(small_disk) == ["DEAM/annotations/a.csv"]
    assert kept.read_text() == "before"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_one_may_not_write_to_is_named(tmp_path):
    (tmp_path / "data").mkdir(mode=0o500)
    with pytest.raises(DatasetError, match=r"data cannot be written \(Permission denied\)"):
        install(tmp_path, CONTENT)
