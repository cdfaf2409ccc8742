"""`python -m bench.pictures [--files 1000] [--seed 7]`: mutated files against the studio. Exit code 1 where anything was found.

`--faces FOLDER` prints what the face net misses instead, `--words FOLDER` what the net for words misses and what it holds in vain: FOLDER is `skimage/data`
of an unpacked wheel of scikit-image."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "consult.settings")
os.environ.setdefault("CONSULT_LOCAL", "1")

from bench.pictures.mutating import mutations
from consult.errors import CODES
from consult.images.darkroom import Darkroom, Refused

CANARY = "KANARI-4c1d-mutated"


def corpus() -> list[bytes]:
    """A picture of every kind, each with every kind of metadata."""
    from tests.images.pictures import MAKERS, saved, scene
    from tests.images.test_dicom import dicom, ramp

    made = [make(CANARY, image=scene(300, 200)) for make in MAKERS.values()]
    odd = [
        saved(scene(200, 150, "CMYK"), "jpeg"),
        saved(scene(200, 150).quantize(32), "png"),
        saved(scene(200, 150), "jpeg", progressive=True),
        saved(scene(200, 150, "RGBA"), "webp", lossless=True),
    ]
    return [*made, *odd, dicom(ramp(0, 4000, "<u2"))]


def fuzz(files: int, seed: int) -> int:
    """Prints what became of them; how many findings there were."""
    room, outcomes, findings, studios = Darkroom(), Counter[str](), [], set[int]()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        into, source = Path(folder, "into"), Path(folder, "upload")
        into.mkdir()
        for n, data in enumerate(mutations(corpus(), seed=seed, count=files)):
            source.write_bytes(data)
            done = room.develop(source, into)
            studios.add(room.studio.pid if room.studio else 0)
            outcomes[f"{done.code} ({done.why})" if isinstance(done, Refused) else "a picture"] += 1
            if isinstance(done, Refused) and done.code not in CODES:
                findings.append(f"file {n}: no words for {done.code}")
            for file in into.iterdir():
                if CANARY.encode() in file.read_bytes():
                    findings.append(f"file {n}: the canary is in {file.name}")
                file.unlink()
    room.close()
    if len(studios) > 1:
        findings.append(f"the studio died {len(studios) - 1} times")
    for outcome, count in outcomes.most_common():
        print(f"{count:7,}  {outcome}")
    print(f"{files:,} files, seed {seed}, {time.monotonic() - began:.0f} s: {len(findings)} findings")
    for finding in findings:
        print("FOUND:", finding)
    return len(findings)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.pictures", description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--faces", type=Path)
    parser.add_argument("--words", type=Path)
    options = parser.parse_args()
    if options.faces:
        from bench.pictures import faces

        faces.measure(options.faces)
        return 0
    if options.words:
        from bench.pictures import words

        words.measure(options.words)
        return 0
    return int(fuzz(options.files, options.seed) > 0)


if __name__ == "__main__":
    sys.exit(main())
