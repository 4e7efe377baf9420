"""Serve a directory over HTTP in the background for a while: serve.py DIRECTORY. Prints the port."""

import functools
import http.server
import os
import signal
import sys

handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.HTTPServer(("127.0.0.1", 0), handler)
print(server.server_address[1], flush=True)
if os.fork() == 0:
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    signal.alarm(300)
    server.serve_forever()
