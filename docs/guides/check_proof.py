"""Checks a Platemark proof of class "exact" for JPEGs without Platemark.

    python check_proof.py ORIGINAL MARKED RECORD PUBLIC_KEY.pem

Needs `pip install jpeglib cryptography`. The coefficients are libjpeg's, the signature is checked by OpenSSL's Ed25519;
the canonical form is that of docs/guides/proof.md.
"""
import base64, hashlib, json, struct, sys

import jpeglib
from cryptography.hazmat.primitives.serialization import load_pem_public_key

BLOCK = 65536
ZIGZAG = sorted(range(64), key=lambda i: (i // 8 + i % 8, i % 8 if (i // 8 + i % 8) % 2 == 0 else i // 8))


def markers(jpeg):
    """Markers and their parameters, from behind SOI to the first SOS."""
    at = 2
    while True:
        while jpeg[at + 1] == 0xFF:
            at += 1
        length = struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
        yield jpeg[at + 1], jpeg[at + 4 : at + 2 + length]
        if jpeg[at + 1] == 0xDA:
            return
        at += 2 + length


def serialise(path, touched):
    """Everything outside the touched MCUs in canonical form, and the numbers of MCUs outside and inside."""
    with open(path, "rb") as file:
        head = list(markers(file.read()))
    frame = next(p for m, p in head if m in (0xC0, 0xC1, 0xC2))
    height, width, count = struct.unpack(">HHB", frame[1:6])
    parts = [(frame[6 + 3 * i], frame[7 + 3 * i] >> 4, frame[7 + 3 * i] & 15, frame[8 + 3 * i]) for i in range(count)]
    if count == 1:
        parts = [(parts[0][0], 1, 1, parts[0][3])]
    across, down = max(p[1] for p in parts), max(p[2] for p in parts)
    adobe = next((p[11] for m, p in head if m == 0xEE and p.startswith(b"Adobe")), 255)
    jfif = any(m == 0xE0 and p.startswith(b"JFIF\0") for m, p in head)
    steps = {}
    for marker, payload in head:
        while marker == 0xDB and payload:
            wide, number = payload[0] >> 4, payload[0] & 15
            size = 64 * (wide + 1)
            steps[number] = struct.unpack(">64H" if wide else ">64B", payload[1 : 1 + size])
            payload = payload[1 + size :]
    out = bytearray(b"PMC1" + struct.pack("<HHBBB", width, height, adobe, jfif, count))
    for name, h, v, table in parts:
        out += bytes((name, h, v)) + struct.pack("<64H", *steps[table])

    jpeglib.version.set("turbo210")  # reads arithmetic coding, too
    picture = jpeglib.read_dct(path)
    planes = [getattr(picture, name) for name in ("Y", "Cb", "Cr", "K")][:count]
    planes = [plane.reshape(plane.shape[0], plane.shape[1], 64)[:, :, ZIGZAG].tolist() for plane in planes]
    ceil = lambda a, b: -(-a // b)
    compared = left_out = 0
    for row in range(ceil(height, 8 * down)):
        for column in range(ceil(width, 8 * across)):
            x, y, w, h = column * 8 * across, row * 8 * down, 8 * across, 8 * down
            if any(b["left"] < x + w and x < b["left"] + b["width"] and b["top"] < y + h and y < b["top"] + b["height"] for b in touched):
                left_out += 1
                continue
            compared += 1
            for plane, (_, h, v, _) in zip(planes, parts):
                columns, rows = ceil(ceil(width * h, across), 8), ceil(ceil(height * v, down), 8)
                for i in range(h * v):
                    bx, by = column * h + i % h, row * v + i // h
                    if bx < columns and by < rows:
                        out += serialise_block(plane[by][bx])
    return bytes(out), compared, left_out


def serialise_block(values):
    out = bytearray(struct.pack("<h", values[0]))
    zeros = 0
    for value in values[1:]:
        if value == 0:
            zeros += 1
            continue
        out += struct.pack("<Bb", zeros, value) if -128 <= value <= 127 else struct.pack("<Bh", zeros | 64, value)
        zeros = 0
    return bytes(out) + b"\xff"


def check(original, marked, record_path, key_path):
    with open(record_path, encoding="utf-8") as file:
        record = json.load(file)
    signature = base64.urlsafe_b64decode(record.pop("signature") + "==")
    signed = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    with open(key_path, "rb") as file:
        load_pem_public_key(file.read()).verify(signature, signed)
    evidence = record["evidence"]
    assert (evidence["class"], evidence["basis"]) == ("exact", "coefficients"), "another class"
    for path, side in ((original, "original"), (marked, "marked")):
        with open(path, "rb") as file:
            assert hashlib.sha256(file.read()).hexdigest() == record[side]["sha256"], f"another {side}"
        stream, compared, left_out = serialise(path, evidence["touched"])
        blocks = [hashlib.sha256(stream[at : at + BLOCK]).digest() for at in range(0, len(stream), BLOCK)]
        assert hashlib.sha256(b"".join(blocks)).hexdigest() == evidence["digest"]["root"], f"{side} differs"
        assert [block[:8].hex() for block in blocks] == evidence["digest"]["blocks"], f"{side}'s blocks differ"
        assert (compared, left_out) == (evidence["outside"]["compared"], evidence["outside"]["leftOut"])


if __name__ == "__main__":
    check(*sys.argv[1:5])
    print("Proven: outside the mark all coefficients are equal.")
