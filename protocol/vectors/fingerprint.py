"""Writes fingerprint.json beside this file: python3 protocol/vectors/fingerprint.py

Python alone: the projection of protocol/checks/fingerprint.ts written a second time.
"""

import hashlib
import json
import math
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
CONTEXT = b"pocketgrid/fingerprint@1"
SIZE = 32


def project(taps, seed, scales):
    out = b""
    for number, (tap, scale) in enumerate(zip(taps, scales)):
        sums = [0.0] * SIZE
        for index, value in enumerate(tap):
            block = hashlib.sha256(CONTEXT + seed + struct.pack("<II", number, index // 8)).digest()
            (signs,) = struct.unpack_from("<I", block, index % 8 * 4)
            for place in range(SIZE):
                sums[place] += -value if signs >> place & 1 else value
        out += struct.pack(f"<{SIZE}e", *(total / (scale * math.sqrt(SIZE)) for total in sums))
    return out


def main():
    vectors = []
    for lengths, scales in (([3], [1.0]), ([1, 9, 16, 40], [1.0, 0.5, 3.0, 100.0])):
        seed = hashlib.sha256(str(lengths).encode()).digest()
        taps = [
            [struct.unpack("<f", struct.pack("<f", math.sin(length + 3 * place)))[0] for place in range(length)]
            for length in lengths
        ]
        vectors.append(
            {
                "seed": seed.hex(),
                "taps": [struct.pack(f"<{len(tap)}f", *tap).hex() for tap in taps],
                "scales": scales,
                "fingerprint": project(taps, seed, scales).hex(),
                "digest": hashlib.sha256(b"".join(struct.pack(f"<{len(tap)}f", *tap) for tap in taps)).hexdigest(),
            }
        )
    with open(os.path.join(HERE, "fingerprint.json"), "w", encoding="utf-8") as file:
        json.dump(vectors, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    main()
