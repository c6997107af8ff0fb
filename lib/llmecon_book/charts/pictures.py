"""Charts as still pictures."""

import altair as alt
import vl_convert as vlc

from llmecon_book.charts import specs

VL_VERSION = ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


def png(spec: specs.Spec, *, ppi: float = 110) -> bytes:
    """A chart as a picture that carries its own title.

    Parameters
    ----------
    spec : dict
        A Vega-Lite specification.
    ppi : float, optional
        Resolution; 72 is one dot for each of its pixels. [dots per inch]
    """
    return bytes(vlc.vegalite_to_png(specs.printed(spec), vl_version=VL_VERSION, ppi=ppi))
