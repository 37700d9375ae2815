"""The file that is signed when a body was uploaded: cover, the sanitised pages, signing sheet.

No PDF/A claim: what stands between our pages is not ours. The signature fields are made here, so that no
process of ours parses a file with foreign pages before it is signed. Runs in the intake pool.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pikepdf

from tasks.form_fields import prepare
from tasks.rendering import Rendered, render_around


def assemble(data: Mapping[str, Any], body: bytes) -> Rendered:
    """Lay out cover and sheet (`tasks/layout_data.UploadedBody`) and put the pages between them.

    `data["first"]` is found here: laid out once to see how many pages the cover has, again when not one.
    """
    around = render_around({**data, "first": 2})
    cover = around.parts["sheet"] - 1
    if cover != 1:
        around = render_around({**data, "first": cover + 1})
    with pikepdf.open(io.BytesIO(around.pdf)) as whole, pikepdf.open(io.BytesIO(body)) as inner:
        count = len(inner.pages)
        for number, page in enumerate(inner.pages):
            whole.pages.insert(cover + number, page)
        layers = inner.Root.get("/OCProperties")
        if layers is not None:
            whole.Root.OCProperties = whole.copy_foreign(inner.make_indirect(layers))
        output = io.BytesIO()
        # Streams stay as they are: unpacking them all would cost what the sanitiser only counted.
        whole.save(
            output,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            deterministic_id=True,
        )
        pages = len(whole.pages)
    moved = tuple(replace(box, page=box.page + count) if box.page >= cover else box for box in around.boxes)
    return Rendered(prepare(output.getvalue(), moved), moved, pages, {}, around.replaced)
