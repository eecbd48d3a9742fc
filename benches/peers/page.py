"""A stand-in for the original second-hand, which cannot be installed from PyPI: one page by FastAPI and
Jinja2 of what pychrony reads for each request. It shows four reports plainly; the page of this second-hand
shows ten, with verdict and charts.

    page.py ADDRESS

Prints the port that it listens on.
"""

import socket
import sys

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from pychrony import ChronyConnection

TEMPLATE = Environment(autoescape=True).from_string(
    """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>chronyd</title></head><body>
<h1>chronyd</h1>
<h2>Tracking</h2>
<table>{% for name in ["reference_id_name", "stratum", "leap_status", "ref_time", "offset", "last_offset",
"rms_offset", "frequency", "residual_freq", "skew", "root_delay", "root_dispersion", "update_interval"] %}
<tr><th>{{ name }}</th><td>{{ tracking[name] }}</td></tr>{% endfor %}
</table>
<h2>Sources</h2>
<table>{% for source in sources %}
<tr><td>{{ source.address }}</td><td>{{ source.mode }}</td><td>{{ source.state }}</td>
<td>{{ source.stratum }}</td><td>{{ source.poll }}</td><td>{{ source.reachability }}</td>
<td>{{ source.last_sample_ago }}</td><td>{{ source.latest_meas }}</td><td>{{ source.latest_meas_err }}</td></tr>
{% endfor %}
</table>
<h2>Source statistics</h2>
<table>{% for source in sourcestats %}
<tr><td>{{ source.address }}</td><td>{{ source.samples }}</td><td>{{ source.runs }}</td>
<td>{{ source.span }}</td><td>{{ source.resid_freq }}</td><td>{{ source.skew }}</td>
<td>{{ source.offset }}</td><td>{{ source.std_dev }}</td></tr>
{% endfor %}
</table>
<h2>Real-time clock</h2>
<p>{{ rtc if rtc else "none" }}</p>
</body></html>
"""
)

app = FastAPI()


@app.get("/", response_class=HTMLResponse)
def page():
    with ChronyConnection(sys.argv[1]) as connection:
        tracking = connection.get_tracking()
        sources = connection.get_sources()
        sourcestats = connection.get_source_stats()
        rtc = connection.get_rtc_data()
    return TEMPLATE.render(tracking=vars_of(tracking), sources=sources, sourcestats=sourcestats, rtc=rtc)


def vars_of(tracking):
    return {name: getattr(tracking, name) for name in dir(tracking) if not name.startswith("_")}


# Named, as asyncio sends without delay only where it knows that this is TCP.
listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listener.bind(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
