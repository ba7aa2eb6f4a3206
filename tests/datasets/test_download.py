"""Getting DEAM from a server that cuts, lies and fails: one clear line, nothing half-fetched."""

import hashlib
import re
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from datasets import download as downloading
from datasets.archives import ARCHIVES
from datasets.contract import DatasetError
from datasets.download import CHUNK_BYTES, DOWNLOADS, download
from tests.benchmark.cli.cli import mer_here
from tests.datasets.zips import CONTENT, everything_in

ARCHIVE = replace(
    ARCHIVES["annotations"], n_bytes=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest()
)


class Server(ThreadingHTTPServer):
    """Serves one archive; `cuts` are the byte counts after which replies break off, in turn."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.status, self.cuts, self.ranges = CONTENT, 200, [], []
        self.knows_ranges = True

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/deam/"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        if server.status != 200:
            self.send_error(server.status)
            return
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked and server.knows_ranges else 0
        server.ranges.append(start)
        if start and start >= len(server.content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        body = server.content[start:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: server.cuts.pop(0)] if server.cuts else body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(downloading.time, "sleep", lambda seconds: None)
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def fetch(server, root, archive=ARCHIVE):
    return download(archive, root, server.url, lambda done, total: None)


def test_a_file_arrives_whole_and_is_checked(server, tmp_path):
    shown = []
    path = download(ARCHIVE, tmp_path, server.url, lambda *count: shown.append(count))
    assert path == tmp_path / DOWNLOADS / ARCHIVE.file
    assert path.read_bytes() == CONTENT
    assert shown[-1] == (len(CONTENT), len(CONTENT))
    assert everything_in(tmp_path) == [f"{DOWNLOADS}/{ARCHIVE.file}"]


def test_a_cut_in_the_middle_is_resumed_where_it_happened(server, tmp_path):
    server.cuts = [1_500_000, 1_000_000]
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    first, second, third = server.ranges
    assert first == 0
    assert 0 <= 1_500_000 - second < CHUNK_BYTES
    assert 0 <= second + 1_000_000 - third < CHUNK_BYTES


def test_a_download_that_is_given_up_goes_on_with_the_next_command(server, tmp_path):
    server.cuts = [300_000] * downloading.TRIES
    with pytest.raises(
        DatasetError, match=r"stopped at 1.[345] MB of 3.8 MB .* same command again"
    ):
        fetch(server, tmp_path)
    assert everything_in(tmp_path) == [f"{DOWNLOADS}/{ARCHIVE.file}.part"]
    server.ranges.clear()
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert len(server.ranges) == 1
    assert server.ranges[0] > 4 * 300_000


def test_a_server_without_ranges_sends_everything_again(server, tmp_path):
    server.knows_ranges, server.cuts = False, [1_000_000]
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_part_that_is_already_whole_is_not_fetched_again(server, tmp_path):
    part = tmp_path / DOWNLOADS / f"{ARCHIVE.file}.part"
    part.parent.mkdir()
    part.write_bytes(CONTENT)
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_wrong_checksum_is_refused_and_nothing_is_kept(server, tmp_path):
    server.content = CONTENT[:-100] + bytes(100)
    with pytest.raises(DatasetError, match=r"its sha256 is not .* Nothing of it is kept"):
        fetch(server, tmp_path)
    assert everything_in(tmp_path) == []
    server.content = CONTENT
    assert fetch(server, tmp_path).read_bytes() == CONTENT


def test_another_file_is_refused_by_its_size_before_it_is_fetched(server, tmp_path):
    server.content = b"<html>Please log in</html>"
    with pytest.raises(DatasetError, match=r"offers 26 bytes where [\d,]+ were expected"):
        fetch(server, tmp_path)
    assert everything_in(tmp_path) == []


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_server_s_error_is_told_with_what_to_do(server, tmp_path, status):
    server.status = status
    with pytest.raises(DatasetError, match=rf"DEAM_Annotations.zip answers {status} .*--mirror"):
        fetch(server, tmp_path)
    assert everything_in(tmp_path) == []


def test_a_server_that_is_not_there_is_told_in_one_line(tmp_path):
    with pytest.raises(DatasetError, match=r"cannot be reached \(ConnectionError\)"):
        download(ARCHIVE, tmp_path, "http://127.0.0.1:9/", lambda done, total: None)
    with pytest.raises(DatasetError, match=r"no address/.* cannot be fetched"):
        download(ARCHIVE, tmp_path, "no address", lambda done, total: None)


def test_the_space_on_the_disk_is_checked_first(server, tmp_path):
    huge = replace(ARCHIVE, n_bytes=10**16)
    with pytest.raises(DatasetError, match=r"MB are needed to download .* MB are free"):
        fetch(server, tmp_path, huge)
    assert server.ranges == []


def test_a_disk_that_fills_up_while_downloading_is_told_and_freed(server, small_disk):
    unsure = replace(ARCHIVE, n_bytes=1000, sha256=None)
    with pytest.raises(DatasetError, match=r"cannot be written \(No space left on device\)"):
        fetch(server, small_disk, unsure)
    assert everything_in(small_disk) == []


def test_the_command_downloads_checks_unpacks_and_leaves_no_archive(
    server, tmp_path, monkeypatch, capfd
):
    monkeypatch.setitem(ARCHIVES, "annotations", ARCHIVE)
    done = mer_here(
        capfd, "data", "download", "annotations", "--mirror", server.url, "--data-root", tmp_path
    )
    assert (done.returncode, done.stdout) == (
        0, f"DEAM_Annotations.zip: checksum right, 2 files of annotations in {tmp_path}\n",
    )  # fmt: skip
    assert "non-commercial research" in done.stderr
    assert everything_in(tmp_path) == ["DEAM/annotations/a.csv", "DEAM/annotations/b/c.csv"]
    assert not (tmp_path / DOWNLOADS).exists()
    server.status = 500
    done = mer_here(
        capfd, "data", "download", "features", "--mirror", server.url, "--data-root", tmp_path
    )
    assert done.returncode == 2
    assert "answers 500" in done.stderr
    assert not (tmp_path / DOWNLOADS).exists()
