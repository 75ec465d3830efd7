"""grpcio against a running server, driven by grpcio-clients.test.ts: reads one JSON object from standard input
(addresses, token, a folder with generated stubs), calls, and prints what it saw as one JSON object."""

import hashlib
import json
import os
import queue
import sys
import urllib.request

import grpc
from google.protobuf.wrappers_pb2 import StringValue
from grpc_status import rpc_status

job = json.load(sys.stdin)
sys.path.insert(0, job["stubs"])
from platemark.v1 import errors_pb2, media_pb2, media_pb2_grpc, sync_pb2, sync_pb2_grpc  # noqa: E402
from platemark.v1 import uploads_pb2, uploads_pb2_grpc  # noqa: E402

TIMEOUT = 20
TEXT = (StringValue.SerializeToString, StringValue.FromString)


def signed(token=job["token"], **more):
    return (("authorization", f"Bearer {token}"), *((name.replace("_", "-"), value) for name, value in more.items()))


def failure(error):
    """Status, and what the product's own detail says."""
    told = {"status": error.code().name, "message": error.details()}
    try:
        status = rpc_status.from_call(error)
    except ValueError:
        # At its own deadline grpcio hands the server's message over undecoded, and then finds that it differs.
        status = None
    for detail in status.details if status else ():
        info = errors_pb2.ErrorInfo()
        if detail.Unpack(info):
            told |= {"code": info.code, "retry": info.retry}
    return told


def failing(call):
    try:
        call()
        return {"status": "OK"}
    except grpc.RpcError as error:
        return failure(error)


def announcement(content, **more):
    sha256 = hashlib.sha256(content).hexdigest()
    return uploads_pb2.NewUpload(
        file_name="IMG_0001.JPG", size=len(content), content_type="image/jpeg", sha256=sha256, trace_id=os.urandom(16).hex(), **more
    )


def upload(uploads):
    """Announced, sent, completed: the way of one picture."""
    content = os.urandom(2_000)
    request = uploads_pb2.CreateUploadsRequest(items=[announcement(content)])
    ticket = uploads.CreateUploads(request, metadata=signed(), timeout=TIMEOUT).items[0]
    put = urllib.request.Request(ticket.put.url, data=content, method="PUT", headers=dict(ticket.put.headers))
    with urllib.request.urlopen(put, timeout=TIMEOUT) as answer:
        sent = answer.status
    completion = uploads_pb2.UploadCompletion(media_id=ticket.media_id)
    request = uploads_pb2.CompleteUploadsRequest(items=[completion])
    completed = uploads.CompleteUploads(request, metadata=signed(), timeout=TIMEOUT).items[0]
    return {"sent": sent, "outcome": completed.WhichOneof("outcome"), "mediaId": ticket.media_id}


def watch(media, media_id):
    """Reads changes until the picture is uploaded, then takes the call back."""
    stream = media.WatchMedia(media_pb2.WatchMediaRequest(), metadata=signed(), timeout=TIMEOUT)
    states = []
    try:
        for change in stream:
            states += [media_pb2.MediaState.Name(item.state) for item in change.items if item.id == media_id]
            if "MEDIA_STATE_UPLOADED" in states:
                stream.cancel()
        return {"states": states, "status": "OK"}
    except grpc.RpcError as error:
        return {"states": states, "status": error.code().name}


def metadata(media):
    answer, call = media.ListMedia.with_call(
        media_pb2.ListMediaRequest(), metadata=signed(x_request_id="from-python-1", traceparent=job["traceparent"]), timeout=TIMEOUT
    )
    headers = dict(call.initial_metadata())
    return {"items": len(answer.items), **{name: headers.get(name) for name in ("x-request-id", "traceparent")}}


def gzip(uploads, work):
    """Packed requests: one of the product's, whose answer may be packed as well, and a stream of them."""
    spec = json.dumps({"text": "© " + "mark " * 30})
    items = [announcement(b"%d of gzip" % index, mark_spec=spec) for index in range(200)]
    request = uploads_pb2.CreateUploadsRequest(items=items)
    answer = uploads.CreateUploads(request, metadata=signed(), timeout=TIMEOUT, compression=grpc.Compression.Gzip)
    values = (StringValue(value=f"{index} " + "x" * 10_000) for index in range(5))
    last = work("client", "stream_unary")(values, timeout=TIMEOUT, compression=grpc.Compression.Gzip)
    return {"tickets": len(answer.items), "last": last.value[:2]}


def bulk(work):
    """Many messages that come whole and in order."""
    received = [message.value for message in work("server", "unary_stream")(StringValue(value="many 1024 8192"), timeout=TIMEOUT)]
    in_order = all(value.startswith(f"{index} ") for index, value in enumerate(received))
    return {"messages": len(received), "bytes": sum(map(len, received)), "inOrder": in_order}


def bidi(work):
    """Each message is sent after the answer to the one before."""
    said = queue.SimpleQueue()
    heard = work("bidi", "stream_stream")(iter(said.get, None), timeout=TIMEOUT)
    turns = []
    for turn in range(5):
        said.put(StringValue(value=f"turn {turn}"))
        turns.append(next(heard).value)
    said.put(None)
    return {"turns": turns, "rest": [message.value for message in heard], "status": heard.code().name}


def sync(service, uploads):
    """Hello, welcome; a change that another call makes, and its acknowledgement."""
    said = queue.SimpleQueue()
    heard = service.Sync(iter(said.get, None), metadata=signed(), timeout=TIMEOUT)
    hello = sync_pb2.SyncHello(client_id="from-python", kind=sync_pb2.SYNC_CLIENT_KIND_PROGRAM, media=True)
    said.put(sync_pb2.SyncRequest(hello=hello))
    kinds = [next(heard).WhichOneof("message")]
    request = uploads_pb2.CreateUploadsRequest(items=[announcement(os.urandom(10))])
    media_id = uploads.CreateUploads(request, metadata=signed(), timeout=TIMEOUT).items[0].media_id
    changes = next(heard)
    kinds.append(changes.WhichOneof("message"))
    said.put(sync_pb2.SyncRequest(acknowledge=sync_pb2.SyncAcknowledge(sequence=changes.changes.sequence)))
    said.put(None)
    kinds += [message.WhichOneof("message") for message in heard]
    same = [item.id for item in changes.changes.items] == [media_id]
    return {"kinds": kinds, "samePicture": same, "status": heard.code().name}


def client_stream(work):
    values = (StringValue(value=value) for value in ("a", "b", "ü€"))
    return work("client", "stream_unary")(values, timeout=TIMEOUT).value


def cancel(work):
    """Taken back after the first message."""
    stream = work("server", "unary_stream")(StringValue(value="work"), timeout=TIMEOUT)
    first = next(stream).value
    stream.cancel()
    return {"first": first, **failing(lambda: next(stream))}


def main():
    grpc_options = [("grpc.max_receive_message_length", 16 << 20)]
    with grpc.insecure_channel(job["product"], options=grpc_options) as product, grpc.insecure_channel(job["work"]) as working:
        uploads = uploads_pb2_grpc.UploadServiceStub(product)
        media = media_pb2_grpc.MediaServiceStub(product)
        work = lambda name, kind: getattr(working, kind)(f"/platemark.test.WorkService/{name}", *TEXT)  # noqa: E731
        nothing = lambda path: product.unary_unary(path, *TEXT)(StringValue(), metadata=signed(), timeout=TIMEOUT)  # noqa: E731
        uploaded = upload(uploads)
        seen = {
            "upload": uploaded,
            "watch": watch(media, uploaded["mediaId"]),
            "sync": sync(sync_pb2_grpc.SyncServiceStub(product), uploads),
            "metadata": metadata(media),
            "gzip": gzip(uploads, work),
            "details": failing(
                lambda: uploads.ListParts(uploads_pb2.ListPartsRequest(media_id="nobody's", upload_id="ü"), metadata=signed(), timeout=TIMEOUT)
            ),
            "stranger": failing(lambda: media.ListMedia(media_pb2.ListMediaRequest(), metadata=signed("not-a-token"), timeout=TIMEOUT)),
            "nobody": failing(lambda: list(media.WatchMedia(media_pb2.WatchMediaRequest(), timeout=TIMEOUT))),
            "unknownMethod": failing(lambda: nothing("/platemark.v1.MediaService/Nothing")),
            "unknownService": failing(lambda: nothing("/platemark.v1.Nothing/Nothing")),
            "deadline": failing(lambda: list(work("server", "unary_stream")(StringValue(value="work"), timeout=0.3))),
            "cancel": cancel(work),
            "clientStream": client_stream(work),
            "bidi": bidi(work),
            "bulk": bulk(work),
        }
    json.dump(seen, sys.stdout)


main()
