"""A local service of the official client that only reads: the bound that Python itself sets to `run.log`.

    null_service.py RESULT COMMAND [ARGUMENT …]

Runs the command with `WANDB_SERVICE` set and answers what the client waits for, with as little as it takes. Data are read
in large pieces, at most a thousand times a second, and thrown away: nothing is decoded, nothing is written. RESULT gets
the number of messages that came and the seconds that the command took, as JSON. Needs a Python that has the official client (0.31).
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Sequence

from wandb.proto import wandb_server_pb2 as pb

HEADER = struct.Struct("<BI")
BUFFER = 4 * 1024 * 1024
#: Seconds between two reads: data shall gather, so that this process is hardly ever woken.
PAUSE = 0.001
#: The key of `record_publish`, which is what rows come in.
RECORD = 0x0A
#: The key and the length of `request_id`, which has 12 characters and is behind the record.
IDENTIFIER = b"\x52\x0c"


def answer(message: bytes) -> bytes:
    """What the client waits for, framed; nothing if it does not wait."""
    request = pb.ServerRequest()
    request.ParseFromString(message)
    if not request.request_id:
        return b""
    response = pb.ServerResponse(request_id=request.request_id)
    if request.record_publish.HasField("run"):
        response.result_communicate.run_result.run.CopyFrom(request.record_publish.run)
        # An echo of the settings of `init` would be taken for a change of them.
        response.result_communicate.run_result.run.ClearField("config")
    content = response.SerializeToString()
    return HEADER.pack(ord("W"), len(content)) + content


def waits(message: memoryview) -> bool:
    """Whether the client may wait for an answer. Rows never have an identifier; they are not to be decoded for that."""
    return message[0] != RECORD or message[-14:-12] == IDENTIFIER


def serve(client: socket.socket) -> int:
    """Reads until the client is gone; the number of messages."""
    buffer = bytearray(BUFFER)
    view = memoryview(buffer)
    held = messages = 0
    while count := client.recv_into(view[held:]):
        held += count
        at = 0
        while held - at >= HEADER.size:
            _, length = HEADER.unpack_from(buffer, at)
            end = at + HEADER.size + length
            if end > held:
                break
            message = view[at + HEADER.size : end]
            if length and waits(message) and (reply := answer(bytes(message))):
                client.sendall(reply)
            messages += 1
            at = end
        buffer[: held - at] = buffer[at:held]
        held -= at
        time.sleep(PAUSE)
    return messages


def main(arguments: Sequence[str]) -> int:
    result, *command = arguments
    with tempfile.TemporaryDirectory() as place, socket.socket(socket.AF_UNIX) as listener:
        path = f"{place}/s"
        listener.bind(path)
        listener.listen()
        # A command that never connects shall not hold us up for ever.
        listener.settimeout(60)
        environment = os.environ | {"WANDB_SERVICE": f"3-{os.getpid()}-unix-{path}"}
        start = time.perf_counter()
        process = subprocess.Popen(command, env=environment)
        try:
            client, _ = listener.accept()
            with client:
                client.setblocking(True)
                messages = serve(client)
            code = process.wait()
        except BaseException:
            process.kill()
            raise
        Path(result).write_text(json.dumps({"messages": messages, "seconds": time.perf_counter() - start}))
        return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
