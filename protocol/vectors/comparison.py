"""Writes comparison.json beside this file: python3 protocol/vectors/comparison.py

Python alone. The formula is that of protocol/checks/comparison.ts written a second time: IEEE 754 doubles,
from the first element to the last, then whole steps of 2^-40.
"""

import json
import math
import os
import random
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
BEYOND = 1e9
FORMATS = {"f64": "d", "f32": "f", "f16": "e", "i32": "i", "u8": "B"}


def cap(distance):
    return min(distance, BEYOND) if math.isfinite(distance) else BEYOND


def measure(claimed, reference):
    if any(math.isfinite(a) != math.isfinite(b) for a, b in zip(claimed, reference)):
        return BEYOND, BEYOND
    finite = [abs(b) for b in reference if math.isfinite(b)]
    scale = max(finite, default=0.0)
    zero = scale == 0
    scale = 1.0 if zero else scale
    differences = squares = largest = 0.0
    for a, b in zip(claimed, reference):
        if not math.isfinite(b):
            if not (a == b or (math.isnan(a) and math.isnan(b))):
                return BEYOND, BEYOND
            continue
        difference = a / scale - b / scale
        differences += difference * difference
        squares += (b / scale) * (b / scale)
        largest = max(largest, abs(difference))
    if differences == 0 and largest == 0:
        return 0.0, 0.0
    norm = math.sqrt(len(reference)) if zero else math.sqrt(squares)
    rms = 1.0 if zero else math.sqrt(squares / len(reference))
    return cap(math.sqrt(differences) / norm), cap(largest / rms)


def main():
    draw = random.Random(20261124)
    vectors = []

    def add(name, dtype, claimed, reference):
        kind = FORMATS[dtype]
        a, b = (struct.pack(f"<{len(v)}{kind}", *v) for v in (claimed, reference))
        found = measure(*(struct.unpack(f"<{len(v)}{kind}", raw) for v, raw in ((claimed, a), (reference, b))))
        steps = [str(math.floor(distance * 2**40)) for distance in found]
        vectors.append(
            {"name": name, "dtype": dtype, "claimed": a.hex(), "reference": b.hex(), "l2": steps[0], "max": steps[1]}
        )

    for dtype in ("f64", "f32", "f16"):
        for noise in (1e-2, 1e-4, 1e-6):
            for scale in (1.0, 1e-3, 1e3):
                reference = [draw.gauss(0, scale) for _ in range(17)]
                claimed = [b + draw.gauss(0, scale * noise) for b in reference]
                add(f"noise {noise} of scale {scale}", dtype, claimed, reference)
    nan, inf = math.nan, math.inf
    add("equal", "f32", [1, 2, 3], [1, 2, 3])
    add("a NaN for a number", "f32", [1, nan], [1, 2])
    add("a number for a NaN", "f32", [1, 2], [1, nan])
    add("NaN and infinity where the reference has them", "f32", [nan, inf, 1.5], [nan, inf, 1])
    add("the other infinity", "f32", [inf, 1], [-inf, 1])
    add("zeros for reference", "f32", [0.25, 0], [0, 0])
    add("no overflow of squares", "f64", [1.5e300, 1e300], [1e300, 1e300])
    add("no underflow of squares", "f64", [1.5e-300, 1e-300], [1e-300, 1e-300])
    add("whole numbers", "i32", [7, -3, 100], [7, -4, 100])
    add("bytes", "u8", [0, 255, 3], [0, 254, 3])
    add("an overflow beyond measure", "f64", [1.7e308, 1], [1e-300, 1e-301])
    with open(os.path.join(HERE, "comparison.json"), "w", encoding="utf-8") as file:
        json.dump(vectors, file, indent=2)
        file.write("\n")


if __name__ == "__main__":
    main()
