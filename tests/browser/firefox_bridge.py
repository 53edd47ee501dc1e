"""Stand between Playwright and Debian's Firefox, which lacks one command that Playwright sends to every new page.

`python firefox_bridge.py /usr/bin/firefox-esr ARGUMENTS` starts that Firefox and passes all WebDriver BiDi messages on,
both ways. Only `emulation.setMediaFeaturesOverride` (the emulation of a colour scheme) is answered here: as done.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketClientConnection, WebSocketHandler, websocket_connect

MISSING = "emulation.setMediaFeaturesOverride"
NO_LIMIT = 2**30  # bytes a message may have: a screenshot is one


class _Bridge(WebSocketHandler):
    firefox: str  # address of the real thing

    def check_origin(self, origin: str) -> bool:
        return True

    async def open(self, *_: str) -> None:
        self.there: WebSocketClientConnection = await websocket_connect(
            f"{self.firefox}/session", max_message_size=NO_LIMIT, on_message_callback=self._back
        )

    def _back(self, message: str | bytes | None) -> None:
        if message is None:
            self.close()
        else:
            self.write_message(message)

    async def on_message(self, message: str | bytes) -> None:
        asked = json.loads(message)
        if asked["method"] == MISSING:
            await self.write_message(json.dumps({"type": "success", "id": asked["id"], "result": {}}))
        else:
            await self.there.write_message(message)


async def _main(command: list[str]) -> int:
    firefox = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, firefox.terminate)
    async for line in firefox.stderr:
        if said := re.search(rb"WebDriver BiDi listening on (ws://\S+)", line):
            _Bridge.firefox = said[1].decode()
            sockets = bind_sockets(0, "127.0.0.1")
            application = Application([("/session.*", _Bridge)], websocket_max_message_size=NO_LIMIT)
            HTTPServer(application).add_sockets(sockets)
            address = f"ws://127.0.0.1:{sockets[0].getsockname()[1]}"
            print(f"WebDriver BiDi listening on {address}", file=sys.stderr, flush=True)
    return await firefox.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(sys.argv[1:])))
