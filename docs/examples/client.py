"""Uploads one picture, waits until the server has verified it, lists pictures, and branches on an error's code.

  pip install grpcio grpcio-tools grpcio-status
  python -m grpc_tools.protoc -I shared/contracts/proto --python_out=stubs --grpc_python_out=stubs \
      shared/contracts/proto/platemark/v1/*.proto        # into a folder `stubs` that exists
  PLATEMARK_URL=127.0.0.1:4410 PLATEMARK_TOKEN=… PYTHONPATH=stubs python docs/examples/client.py PICTURE.jpg
"""

import hashlib
import os
import secrets
import sys
import urllib.request
from pathlib import Path

import grpc
from grpc_status import rpc_status

from platemark.v1 import errors_pb2, media_pb2, media_pb2_grpc, uploads_pb2, uploads_pb2_grpc

SETTLED = (media_pb2.MEDIA_STATE_UPLOADED, media_pb2.MEDIA_STATE_MARKED, media_pb2.MEDIA_STATE_FAILED)


def error_info(error: grpc.RpcError) -> errors_pb2.ErrorInfo:
    """The product's own code, and whether trying again helps: branch on these, never on the text."""
    info = errors_pb2.ErrorInfo()
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        if detail.Unpack(info):
            break
    return info


def main(path: Path) -> None:
    metadata = [("authorization", f"Bearer {os.environ['PLATEMARK_TOKEN']}")]
    with grpc.insecure_channel(os.environ.get("PLATEMARK_URL", "127.0.0.1:4410"), compression=grpc.Compression.Gzip) as channel:
        uploads = uploads_pb2_grpc.UploadServiceStub(channel)
        media = media_pb2_grpc.MediaServiceStub(channel)
        content = path.read_bytes()
        picture = uploads_pb2.NewUpload(
            file_name=path.name,
            size=len(content),
            content_type="image/jpeg",
            sha256=hashlib.sha256(content).hexdigest(),
            trace_id=secrets.token_hex(16),
        )
        # 1. Announce it. The answer says how to send it; `already` means that the store holds these bytes.
        request = uploads_pb2.CreateUploadsRequest(items=[picture])
        ticket = uploads.CreateUploads(request, metadata=metadata, timeout=30).items[0]
        print("announced", ticket.object_key)
        how = ticket.WhichOneof("how")
        if how not in ("put", "already"):
            raise SystemExit(f"This example knows no {how}: {ticket}")
        if how == "put":
            # 2. Send it straight to the object store, with exactly these headers.
            put = urllib.request.Request(ticket.put.url, data=content, method="PUT", headers=dict(ticket.put.headers))
            urllib.request.urlopen(put, timeout=60).close()
            # 3. Have it verified and marked.
            completion = uploads_pb2.UploadCompletion(media_id=ticket.media_id)
            request = uploads_pb2.CompleteUploadsRequest(items=[completion])
            completed = uploads.CompleteUploads(request, metadata=metadata, timeout=60).items[0]
            if completed.WhichOneof("outcome") == "error":
                raise SystemExit(f"{completed.error.code}: {completed.error.message}")
        # 4. Follow it, here until it is uploaded; later changes say that it is marked.
        changes = media.WatchMedia(media_pb2.WatchMediaRequest(after_sequence=0), metadata=metadata, timeout=60)
        for item in (item for change in changes for item in change.items):
            if item.id == ticket.media_id and item.state in SETTLED:
                print("state", media_pb2.MediaState.Name(item.state).removeprefix("MEDIA_STATE_").lower())
                changes.cancel()
                break
        listed = media.ListMedia(media_pb2.ListMediaRequest(page_size=10), metadata=metadata, timeout=30)
        print("pictures", len(listed.items))
        # 5. Errors.
        try:
            media.SignDownload(media_pb2.SignDownloadRequest(media_id="nobody's"), metadata=metadata, timeout=30)
        except grpc.RpcError as error:
            info = error_info(error)
            print(f"refused {info.code}, retry {info.retry}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
