"""ARCHITECTURE.md tells the truth about where things are."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_file_that_architecture_names_exists():
    """Each path in ARCHITECTURE.md is a file or folder of this tree, so that it can be followed."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    paths = set(re.findall(r"`((?:src|docs|bench|tools)/[\w./-]+)`", text))
    assert len(paths) > 20
    missing = sorted(path for path in paths if not (ROOT / path).exists())
    assert missing in ([], ["bench/RESULTS.md"])


def test_the_road_of_a_request_is_told_from_accept_to_log():
    """The table begins with the acceptor, passes the road, and ends with the access log."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    order = [text.index(f"`src/{name}`") for name in
             ("net/acceptor.cpp", "http/http1/session.cpp", "edge/road.cpp", "edge/relay.cpp",
              "edge/access_log.cpp")]
    assert order == sorted(order)
