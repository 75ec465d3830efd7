"""Calls gRPC methods as Python's client does: python grpc_calls.py TARGET METHOD, one call for each line of standard
input, "unary" or "stream" (of which it takes the first message). Prints the message in hex, or the status. TOKEN in the
environment is sent as bearer token."""

import os
import sys

import grpc

target, method = sys.argv[1:3]
channel = grpc.insecure_channel(target)
token = os.environ.get("TOKEN")
metadata = [("authorization", f"Bearer {token}")] if token else []


def same(message):
    return message


for line in sys.stdin:
    try:
        if line.strip() == "stream":
            call = channel.unary_stream(method, same, same)(b"", metadata=metadata, timeout=20)
            answer = next(iter(call)).hex()
            call.cancel()
        else:
            answer = channel.unary_unary(method, same, same)(b"", metadata=metadata, timeout=20).hex()
        print("ok", answer, flush=True)
    except grpc.RpcError as error:
        print("failed", error.code().name, error.details(), flush=True)
