"""Writes vectors.json: blocks of random bytes in each format, and the numbers that gguf 0.19.0 of PyPI
reads from them. Run in this folder, with gguf installed."""
import json

import gguf
import numpy as np
from gguf import GGMLQuantizationType, quants

PLAIN = ["F32", "F16", "BF16"]
WITH_LEAST = ["Q4_1", "Q5_1", "Q4_K", "Q5_K"]
FORMATS = [*PLAIN, "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"]
rng = np.random.default_rng(1)


def bytes_of(array):
    return np.frombuffer(array.tobytes(), np.uint8).copy()


def block(name, size):
    values = rng.normal(size=8).astype(np.float32)
    if name == "F32":
        return bytes_of(values)
    if name == "F16":
        return bytes_of(values.astype(np.float16))
    if name == "BF16":
        return bytes_of(values).reshape(8, 4)[:, 2:].reshape(-1)
    raw = rng.integers(0, 256, size, dtype=np.uint8)
    # Random halves would be infinite at times: steps are sane ones.
    place = 208 if name == "Q6_K" else 0
    raw[place : place + 2] = bytes_of(np.float16(0.0371))
    if name in WITH_LEAST:
        raw[2:4] = bytes_of(np.float16(-0.217))
    return raw


def vector(name):
    kind = GGMLQuantizationType[name]
    raw = block(name, gguf.GGML_QUANT_SIZES[kind][1])
    values = quants.dequantize(raw.reshape(1, -1), kind).reshape(-1)
    return {"bytes": raw.tobytes().hex(), "values": [float(f"{value:.9g}") for value in values]}


lines = [f"  {json.dumps(name)}: {json.dumps(vector(name), separators=(',', ':'))}" for name in FORMATS]
with open("vectors.json", "w") as out:
    out.write("{\n" + ",\n".join(lines) + "\n}\n")
