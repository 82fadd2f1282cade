"""Nchan, which fans out in C inside nginx, as a third side where it is installed.

Debian: `apt-get install nginx-light libnginx-mod-nchan`. `python -m benchmarks.nchan PORT` is its
publisher; nobody is authenticated and nothing is kept.
"""

import shutil
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.bare import payload
from benchmarks.remote import serve

MODULES = [Path(f"/usr/lib{bits}/nginx/modules/ngx_nchan_module.so") for bits in ("", "64")]
SUBSCRIBE = "/subscribe"
CONFIG = """\
load_module {module};
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_rlimit_nofile {files};
events {{ worker_connections {files}; }}
http {{
    access_log off;
    # One connection publishes, with pauses of minutes.
    keepalive_timeout 1h;
    keepalive_requests 1000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    nchan_shared_memory_size 128M;
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        location = {subscribe} {{
            nchan_subscriber websocket;
            nchan_channel_id everyone;
            nchan_subscriber_first_message newest;
            # As uvicorn's.
            nchan_websocket_ping_interval 20;
        }}
        location = /publish {{
            nchan_publisher http;
            nchan_channel_id everyone;
            nchan_message_buffer_length 100;
            nchan_message_timeout 1m;
        }}
    }}
}}
"""


def module() -> Path | None:
    """The installed module, or nothing."""
    if not shutil.which("nginx"):
        return None
    return next((path for path in MODULES if path.exists()), None)


def command(folder: Path, port: int, files: int) -> str:
    """Write the configuration; what starts the server."""
    folder.mkdir()
    config = folder / "nginx.conf"
    config.write_text(
        CONFIG.format(module=module(), folder=folder, port=port, files=files, subscribe=SUBSCRIBE)
    )
    return f"{shutil.which('nginx')} -p {folder} -c {config} -e {folder}/error.log"


def main(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port)

    def broadcasts(number: int, first: int, count: int) -> float:
        """Publish so many messages; when that began (monotonic clock)."""
        began = time.monotonic()
        for serial in range(first, first + count):
            connection.request("POST", "/publish", payload(number, serial))
            answer = connection.getresponse()
            answer.read()
            if answer.status not in (201, 202):
                raise ConnectionError(f"nginx answered {answer.status}")
        return began

    serve({"broadcasts": broadcasts})


if __name__ == "__main__":
    main(int(sys.argv[1]))
