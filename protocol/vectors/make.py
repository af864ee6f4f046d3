"""Writes the golden vectors beside this file: python3 protocol/vectors/make.py

Needs libtorrent, rfc8785, cryptography, safetensors, ml_dtypes and numpy (README.md names the versions used).
Nothing of this repository's own code runs here: that is what makes the vectors worth reading.
"""

import base64
import hashlib
import io
import json
import os
import struct
import tempfile

import libtorrent
import ml_dtypes
import numpy as np
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from safetensors.numpy import save as save_safetensors

HERE = os.path.dirname(os.path.abspath(__file__))


def b64(data):
    return base64.b64encode(data).decode()


def write(name, vectors):
    with open(os.path.join(HERE, name + ".json"), "w", encoding="utf-8") as file:
        json.dump(vectors, file, indent=2, ensure_ascii=True)
        file.write("\n")


def canonical_json():
    # The texts are those of RFC 8785 (section 3.2.3, appendix B) and edge cases of our own.
    texts = {
        "rfc 8785 section 3.2.2": r'{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],'
        r'"string":"\u20ac$\u000F\u000aA'
        r"'\u0042\u0022\u005c\\\"\/"
        r'","literals":[null,true,false]}',
        "rfc 8785 section 3.2.3": r'{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",'
        r'"1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}',
        "nested": '{"b":[{"z":1,"a":{}},[]],"a":"","10":0,"9":-0.0}',
        "escapes": r'["\u0000\b\t\n\f\r\u001f\u007f\u2028","a/b\\ud800"]',
        "integers": "[9007199254740991,-9007199254740991,0,1e21,1e-7,100,1.0]",
    }
    doubles = """0000000000000000 8000000000000000 0000000000000001 8000000000000001 7fefffffffffffff
        ffefffffffffffff 4340000000000000 c340000000000000 4430000000000000 44b52d02c7e14af5
        44b52d02c7e14af6 44b52d02c7e14af7 444b1ae4d6e2ef4e 444b1ae4d6e2ef4f 444b1ae4d6e2ef50
        3eb0c6f7a0b5ed8c 3eb0c6f7a0b5ed8d 41b3de4355555553 41b3de4355555554 41b3de4355555555
        41b3de4355555556 41b3de4355555557 becbf647612f3696 43143ff3c1cb0959""".split()
    write(
        "canonical-json",
        {
            "texts": [
                {"name": name, "json": text, "canonical": rfc8785.dumps(json.loads(text)).decode()}
                for name, text in texts.items()
            ],
            "numbers": [
                {"ieee754": bits, "canonical": rfc8785.dumps(struct.unpack(">d", bytes.fromhex(bits))[0]).decode()}
                for bits in doubles
            ],
            "refused": ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"],
        },
    )


def sha256():
    # The messages are NIST's examples for SHA-256 (FIPS 180-4) and the borders of a block.
    messages = [
        ("", 1),
        ("abc", 1),
        ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
            "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            1,
        ),
        ("a", 1000000),
    ] + [("b", count) for count in (55, 56, 63, 64, 65, 119, 120, 127, 128)]
    write(
        "sha256",
        [
            {"text": text, "times": times, "digest": hashlib.sha256((text * times).encode()).hexdigest()}
            for text, times in messages
        ],
    )


# Secret keys and messages of RFC 8032 section 7.1, with the public keys printed there.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").hexdigest(),
    ),
]


def signature():
    rfc = []
    for secret, public, message in RFC_8032:
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
        assert key.public_key().public_bytes_raw().hex() == public
        rfc.append({"publicKey": public, "message": message, "signature": key.sign(bytes.fromhex(message)).hex()})
    secret, public, _ = RFC_8032[0]
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    records = {
        "hello": {
            "version": 1,
            "role": "contributor",
            "key": public,
            "hub": RFC_8032[1][1],
            "nonce": hashlib.sha256(b"nonce").hexdigest(),
        },
        "commitment": {
            "lease": hashlib.sha256(b"lease").hexdigest()[:32],
            "device": public,
            "commitment": hashlib.sha256(b"commitment").hexdigest(),
        },
        "log-entry": {"index": 7, "commitment": hashlib.sha256(b"commitment").hexdigest(), "at": 1790000000000},
        "tree-head": {"size": 8, "root": CT_ROOTS[7], "at": 1790000000000},
        "receipt": {"runtime": "onnxruntime-web 1.30.0", "verdicts": []},
        "verdict": {
            "verifier": RFC_8032[1][1],
            "job": "job_0123456789abcdef",
            "unit": 41,
            "lease": hashlib.sha256(b"lease").hexdigest()[:32],
            "device": public,
            "kind": "mismatch",
            "lane": "tolerance",
            "claimed": hashlib.sha256(b"claimed").hexdigest(),
            "reference": hashlib.sha256(b"reference").hexdigest(),
            "l2": 0.00125,
            "max": 1e-7,
            "runs": 2,
            "at": 1790000000000.5,
        },
    }
    signed = []
    for context, record in records.items():
        data = f"pocketgrid/{context}@1\n".encode() + rfc8785.dumps(record)
        signed.append(
            {
                "context": context,
                "record": record,
                "signingBytes": data.decode(),
                "recordDigest": hashlib.sha256(rfc8785.dumps(record)).hexdigest(),
                "publicKey": public,
                "signature": key.sign(data).hex(),
            }
        )
    write("signature", {"rfc8032": rfc, "records": signed})


def commitment():
    vectors = []
    for count, tapped in ((1, False), (3, False), (4096, False), (1, True), (3, True)):
        lease = hashlib.sha256(f"lease {count}".encode()).digest()[:16]
        device = hashlib.sha256(b"device").digest()
        salt = hashlib.sha256(f"salt {count}".encode()).digest()
        # Unit i of the shard outputs the single byte i mod 256.
        digests = b"".join(hashlib.sha256(bytes([unit % 256])).digest() for unit in range(count))
        tag = b"pocketgrid/commitment-with-taps@1\n" if tapped else b"pocketgrid/commitment@1\n"
        data = tag + lease + device + salt + hashlib.sha256(digests).digest()
        # The taps of unit i are the single byte 255 - i mod 256.
        taps = hashlib.sha256(b"".join(hashlib.sha256(bytes([255 - unit % 256])).digest() for unit in range(count)))
        committed = hashlib.sha256(data + taps.digest() if tapped else data)
        vector = {
            "units": count,
            "lease": lease.hex(),
            "device": device.hex(),
            "salt": salt.hex(),
            "commitment": committed.hexdigest(),
        }
        if tapped:
            signature = hashlib.sha512(f"log signature {count}".encode())
            seed = hashlib.sha256(b"pocketgrid/fingerprint@1" + signature.digest() + committed.digest())
            vector |= {"taps": taps.hexdigest(), "logSignature": signature.hexdigest(), "seed": seed.hexdigest()}
        vectors.append(vector)
    write("commitment", vectors)


def file_tree():
    # Byte i of a blob is the low byte of i xor i>>8 xor i>>16: every leaf of a blob differs.
    vectors = []
    piece = 262144
    lengths = [1, 2, 16383, 16384, 16385, 32768, 32769, 49153, 5 * 16384, 9 * 16384 + 1, piece - 1, piece]
    lengths += [piece + 1, piece + 16384, 2 * piece, 2 * piece + 5, 3 * piece, 4 * piece, 5 * piece + 16384 * 3 + 17]
    lengths += [8 * piece, 8 * piece + 1, 17 * piece - 1]
    for length in lengths:
        index = np.arange(length, dtype=np.uint32)
        data = ((index ^ (index >> 8) ^ (index >> 16)) & 0xFF).astype(np.uint8).tobytes()
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "blob"), "wb") as file:
                file.write(data)
            storage = libtorrent.file_storage()
            libtorrent.add_files(storage, os.path.join(folder, "blob"))
            torrent = libtorrent.create_torrent(storage, piece, libtorrent.create_torrent_flags_t.v2_only)
            libtorrent.set_piece_hashes(torrent, folder)
            entry = torrent.generate()
        root = entry[b"info"][b"file tree"][b"blob"][b""][b"pieces root"]
        layer = entry.get(b"piece layers", {}).get(root, b"")
        vectors.append(
            {
                "length": length,
                "root": root.hex(),
                "pieces": len(layer) // 32,
                "layerSha256": hashlib.sha256(layer).hexdigest(),
                "firstPiece": layer[:32].hex(),
                "lastPiece": layer[-32:].hex(),
            }
        )
    write("file-tree", vectors)


def arrays():
    rng = np.random.default_rng(52)
    return {
        "weights/é": rng.standard_normal((3, 4)).astype("<f4"),
        "0": np.array([[[1, -2], [3, 4]], [[5, 6], [7, -8]]], "<i8"),
        "10": np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324], "<f8"),
        "2": np.array([65504, 6e-8, 0.1, -1], "<f2"),
        "i32": np.array([[2**31 - 1], [-(2**31)]], "<i4"),
        "i16": np.array([-32768, 32767, 12], "<i2"),
        "i8": np.array([-128, 127, 0], "i1"),
        "u8": np.array([[0, 255, 128]], "u1"),
        "bool": np.array([True, False, True]),
        "scalar": np.array(1.5, "<f4"),
    }


DTYPES = {"<f8": "f64", "<f4": "f32", "<f2": "f16", "<i8": "i64", "<i4": "i32", "<i2": "i16"}
DTYPES |= {"|i1": "i8", "|u1": "u8", "|b1": "bool"}


def tensor(array):
    return {"dtype": DTYPES[array.dtype.str], "shape": list(array.shape), "data": b64(array.tobytes(order="C"))}


def foreign():
    # Dtypes that no unit carries, each with the same numbers in one that units do carry.
    for name, wide, numbers in (
        ("<u2", "<i4", [0, 1, 65535]),
        ("<u4", "<i8", [0, 1, 2**32 - 1]),
        ("<u8", "<i8", [0, 1, 2**63 - 1]),
    ):
        yield np.array(numbers, name), np.array(numbers, wide)
    for dtype in (ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2, ml_dtypes.bfloat16):
        width = np.dtype(dtype).itemsize
        bits = np.arange(256, dtype="u1") if width == 1 else np.arange(0, 65536, 251, dtype="<u2")
        array = bits.view(dtype)
        array = array[~np.isnan(array.astype("<f4"))]
        yield array, array.astype("<f4")


def safetensors():
    files = []
    for name, content, metadata in [
        ("every dtype", arrays(), {"made by": "safetensors", "é": "ü"}),
        ("one tensor", {"x": np.arange(6, dtype="<f4").reshape(2, 3)}, None),
        ("an empty tensor", {"x": np.zeros((0, 3), "<f4"), "y": np.ones(2, "u1")}, None),
        ("nothing", {}, None),
    ]:
        files.append(
            {
                "name": name,
                "file": b64(save_safetensors(content, metadata)),
                "metadata": metadata or {},
                "hasMetadata": metadata is not None,
                "tensors": {key: tensor(array) for key, array in content.items()},
            }
        )
    refused = [{"dtype": "C64", "file": b64(save_safetensors({"x": np.zeros(2, "<c8")}))}]
    widened = [{"file": b64(save_safetensors({"x": array})), "tensor": tensor(wide)} for array, wide in foreign()]
    write("safetensors", {"files": files, "refused": refused, "widened": widened})


def npy_file(array, version=None):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version)
    return b64(stream.getvalue())


def npy():
    named = arrays()
    files = [{"name": name, "version": 1, "file": npy_file(a), "tensor": tensor(a)} for name, a in named.items()]
    grid = np.arange(24, dtype="<i2").reshape(2, 3, 4)
    for version in (2, 3):
        files.append({"name": "later version", "version": version, "file": npy_file(grid, (version, 0)), "tensor": tensor(grid)})
    fortran = np.asfortranarray(grid)
    files.append({"name": "fortran order", "version": 1, "fortran": True, "file": npy_file(fortran), "tensor": tensor(grid)})
    empty = np.zeros((0, 4), "<f4")
    files.append({"name": "no rows", "version": 1, "file": npy_file(empty), "tensor": tensor(empty)})
    refused = [
        {"descr": array.dtype.str, "file": npy_file(array)}
        for array in (np.zeros(2, "<c8"), np.array(["a", "b"]), np.array([None]), np.zeros(2, "<M8[s]"))
    ]
    refused.append({"descr": "structured", "file": npy_file(np.zeros(2, [("a", "<f4")]))})
    archives = []
    for save in (np.savez, np.savez_compressed):
        stream = io.BytesIO()
        save(stream, **named)
        archives.append(
            {
                "name": save.__name__,
                "file": b64(stream.getvalue()),
                "tensors": {name: tensor(array) for name, array in named.items()},
            }
        )
    ends = [(array.astype(array.dtype.newbyteorder(">")), array) for array in named.values() if array.dtype.itemsize > 1]
    unsigned = list(foreign())[:3]
    widened = [{"file": npy_file(array), "tensor": tensor(wide)} for array, wide in ends + unsigned]
    write("npy", {"files": files, "refused": refused, "widened": widened, "archives": archives})


def float16():
    rng = np.random.default_rng(754)
    halves = rng.integers(0, 0x7C00, 60, dtype=np.uint16).view(np.float16).astype(np.float64)
    # Midpoints between neighbours, and the nearest doubles on both sides of them: ties to even.
    nexts = np.nextafter(halves.astype(np.float16), np.float16(np.inf)).astype(np.float64)
    middles = (halves + np.where(np.isfinite(nexts), nexts, halves)) / 2
    values = np.concatenate(
        [
            halves,
            middles,
            np.nextafter(middles, np.inf),
            -np.nextafter(middles, -np.inf),
            rng.standard_normal(40) * 10.0 ** rng.integers(-9, 6, 40),
            [0.0, -0.0, 65504, 65519.999, 65520, 65536, -1e300, 2.0**-24, 2.0**-25, 2.0**-25 * 1.0001, 2.0**-14],
            [5e-324, np.inf, -np.inf],
        ]
    )
    with np.errstate(over="ignore"):
        bits = values.astype(np.float16).view(np.uint16)
    write("float16", [{"value": struct.pack(">d", value).hex(), "bits": int(b)} for value, b in zip(values, bits)])


def frames():
    lease = hashlib.sha256(b"lease").hexdigest()[:32]
    heads = [
        (
            {"type": "reveal", "reveal": {"lease": lease, "salt": hashlib.sha256(b"salt").hexdigest(), "computeMs": 1234.5}},
            bytes(range(32)),
        ),
        (
            {
                "type": "prepared",
                "job": "job_0123456789abcdef",
                "outputs": [{"name": "é/logits", "dtype": "f32", "shape": [8, 10]}],
                "units": [0, 17],
                "unitMs": 3.25,
                "peakBytes": 9000000,
                "decoys": {
                    "names": ["half-weights"],
                    "units": [0, 17],
                    "nearest": [{"output": "é/logits", "decoy": "half-weights", "l2": 0.00034375, "max": 0.001}],
                },
            },
            b"",
        ),
    ]
    control = []
    for head, payload in heads:
        text = json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode()
        control.append({"head": head, "payload": b64(payload), "frame": b64(struct.pack("<I", len(text)) + text + payload)})
    root = hashlib.sha256(b"root").digest()
    offset = 2**53 - 1
    peer = [
        (
            {"type": "want", "request": 0xFFFFFFFF, "root": root.hex(), "offset": offset, "length": 4194304},
            struct.pack("<BI32sQI", 1, 0xFFFFFFFF, root, offset, 4194304),
        ),
        (
            {"type": "data", "request": 3, "offset": 262144, "payload": b64(b"piece")},
            struct.pack("<BIQ", 2, 3, 262144) + b"piece",
        ),
    ] + [
        ({"type": "deny", "request": 9, "reason": reason}, struct.pack("<BIB", 3, 9, index + 1))
        for index, reason in enumerate(["unknown", "range", "busy"])
    ]
    write("frames", {"control": control, "peer": [{"frame": frame, "bytes": b64(data)} for frame, data in peer]})


# The leaves and roots that Certificate Transparency's own tests use for RFC 6962.
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOTS = """6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d
    fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125
    aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77
    d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
    4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4
    76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef
    ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c
    5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328""".split()


def merkle_log():
    # RFC 6962 section 2.1, written down as it stands there.
    def split(n):
        return 1 << ((n - 1).bit_length() - 1)

    def mth(d):
        if len(d) == 0:
            return hashlib.sha256(b"").digest()
        if len(d) == 1:
            return hashlib.sha256(b"\0" + d[0]).digest()
        k = split(len(d))
        return hashlib.sha256(b"\1" + mth(d[:k]) + mth(d[k:])).digest()

    def path(m, d):
        if len(d) == 1:
            return []
        k = split(len(d))
        return path(m, d[:k]) + [mth(d[k:])] if m < k else path(m - k, d[k:]) + [mth(d[:k])]

    def subproof(m, d, whole):
        if m == len(d):
            return [] if whole else [mth(d)]
        k = split(len(d))
        if m <= k:
            return subproof(m, d[:k], whole) + [mth(d[k:])]
        return subproof(m - k, d[k:], False) + [mth(d[:k])]

    leaves = [bytes.fromhex(leaf) for leaf in CT_LEAVES]
    roots = [mth(leaves[:n]).hex() for n in range(len(leaves) + 1)]
    assert roots[1:] == CT_ROOTS
    sizes = range(1, len(leaves) + 1)
    write(
        "merkle-log",
        {
            "leaves": CT_LEAVES,
            "roots": roots,
            "inclusion": [
                {"position": m, "size": n, "path": [h.hex() for h in path(m, leaves[:n])]} for n in sizes for m in range(n)
            ],
            "consistency": [
                {"from": m, "size": n, "path": [h.hex() for h in subproof(m, leaves[:n], True)]}
                for n in sizes
                for m in range(1, n + 1)
            ],
        },
    )


if __name__ == "__main__":
    for make in (canonical_json, sha256, signature, commitment, file_tree, safetensors, npy, float16, frames, merkle_log):
        make()
