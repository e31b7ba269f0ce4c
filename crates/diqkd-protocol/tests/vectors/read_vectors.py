#!/usr/bin/env python3
"""Reads the test vectors of docs/protocol.md and recomputes every one of them.

Written from that page alone, with nothing but Python's standard library, and sharing no code with the Rust crates.

    python3 read_vectors.py wire-v4.txt [more files ...]

For each file one line: "FILE: N vectors hold" or "FILE: NAME: what is wrong". Exit status 1 if any file has a vector that
does not hold, is missing, or is not known.
"""

import json
import math
import os
import struct
import sys

# --- BLAKE3 (its specification: github.com/BLAKE3-team/BLAKE3-specs) ---------------------------------------------------

IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
CHUNK_START, CHUNK_END, PARENT, ROOT, KEYED, CONTEXT, MATERIAL = (1 << bit for bit in range(7))
MASK = 0xFFFFFFFF


def mix(state, a, b, c, d, x, y):
    for word, turns in ((x, (16, 12)), (y, (8, 7))):
        state[a] = (state[a] + state[b] + word) & MASK
        state[d] ^= state[a]
        state[d] = (state[d] >> turns[0] | state[d] << 32 - turns[0]) & MASK
        state[c] = (state[c] + state[d]) & MASK
        state[b] ^= state[c]
        state[b] = (state[b] >> turns[1] | state[b] << 32 - turns[1]) & MASK


def compress(chaining, block, counter, length, flags):
    state = [*chaining, *IV[:4], counter & MASK, counter >> 32, length, flags]
    words = list(block)
    for round_number in range(7):
        for k in range(4):
            mix(state, k, 4 + k, 8 + k, 12 + k, words[2 * k], words[2 * k + 1])
        for k in range(4):
            mix(state, k, 4 + (k + 1) % 4, 8 + (k + 2) % 4, 12 + (k + 3) % 4, words[8 + 2 * k], words[9 + 2 * k])
        words = [words[k] for k in PERMUTATION]
    return [state[k] ^ state[k + 8] for k in range(8)] + [state[k + 8] ^ chaining[k] for k in range(8)]


def blake3(message, key=None, flags=0, length=32, start=0):
    """`length` bytes from `start` on of the output for `message`."""
    key = IV if key is None else struct.unpack("<8I", key)

    def chunk(number, data):
        chaining = key
        blocks = [data[at : at + 64] for at in range(0, len(data), 64)] or [b""]
        for index, block in enumerate(blocks):
            own = flags | (CHUNK_START if index == 0 else 0)
            words = struct.unpack("<16I", block.ljust(64, b"\0"))
            if index == len(blocks) - 1:
                return chaining, words, number, len(block), own | CHUNK_END
            chaining = compress(chaining, words, number, 64, own)[:8]

    def tree(number, data):
        if len(data) <= 1024:
            return chunk(number, data)
        left = 1 << (math.ceil(len(data) / 1024) - 1).bit_length() - 1
        nodes = tree(number, data[: 1024 * left]), tree(number + left, data[1024 * left :])
        return key, sum((compress(*node)[:8] for node in nodes), []), 0, 64, flags | PARENT

    chaining, words, number, size, own = tree(0, message)
    out = b""
    for block in range(start // 64, -(-(start + length) // 64)):
        out += struct.pack("<16I", *compress(chaining, words, block, size, own | ROOT))
    return out[start % 64 :][:length]


def keyed(key, message, **output):
    return blake3(message, key, KEYED, **output)


def derived(context, message, **output):
    return blake3(message, blake3(context.encode(), flags=CONTEXT), MATERIAL, **output)


# --- The field, hashes, bit strings -----------------------------------------------------------------------------------


def times(a, b):
    """The product in GF(2^128) with x^128 + x^7 + x^2 + x + 1."""
    product = 0
    for bit in range(128):
        if b >> bit & 1:
            product ^= a << bit
    for bit in range(254, 127, -1):
        if product >> bit & 1:
            product ^= (1 << 128 | 0x87) << bit - 128
    return product


def number(data):
    return int.from_bytes(data, "little")


def blocks_of(data):
    return [number(data[at : at + 16]) for at in range(0, len(data), 16)]


def polynomial(key, coefficients):
    total = 0
    for coefficient in coefficients:
        total = times(total ^ coefficient, key)
    return total


def verification_tag(seed, string, bits, tag_bits):
    return polynomial(number(seed), blocks_of(string) + [bits]) & (1 << tag_bits) - 1


def toeplitz(string, n, seed, m):
    """y_i = XOR over j of x_j t_(i-j+n-1)."""
    x, t, y = number(string), number(seed), 0
    for i in range(m):
        for j in range(n):
            y ^= (x >> j & t >> i - j + n - 1 & 1) << i
    return y


def entries(data):
    """Ids out of their gaps: LEB128, minimal, never 0, the first one to -1."""
    found, last, at = [], -1, 0
    while at < len(data):
        gap = shift = 0
        while True:
            byte = data[at]
            gap |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                break
        need(gap > 0 and (byte > 0 or shift == 7), "a gap is 0 or not minimal")
        last += gap
        found.append(last)
    return found


# --- What the page says ----------------------------------------------------------------------------------------------


class Wrong(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Wrong(what)


class Fields:
    """Takes fields off the front of some bytes."""

    def __init__(self, data):
        self.data = data

    def take(self, count):
        need(len(self.data) >= count, "too short")
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def unsigned(self, count):
        return number(self.take(count))

    def end(self):
        need(not self.data, "too long")


def double(data):
    return repr(struct.unpack("<d", data)[0])


def share(data):
    return f"{number(data)}/65536"


def whole(data):
    return str(number(data))


def flag_source(data):
    if data == b"\0":
        return "expanded"
    need(len(data) == 5 and data[0] == 1, "test_flags")
    return f"local {share(data[1:3])} {share(data[3:5])}"


def pre_shared_key(data):
    need(data in (b"\0", b"\1"), "pre_shared_key")
    return ("carried", "post-quantum")[data[0]]


PARAMETERS = (
    ("session", 16, bytes.hex),
    ("rounds", 8, whole),
    ("gamma", 2, share),
    ("omega_threshold", 8, double),
    ("qber_design", 8, double),
    ("omega_design", 8, double),
    ("max_codeword_bits", 4, whole),
    ("eps_sound", 8, lambda data: "2^" + double(data)),
    ("verification_tag_bits", 4, whole),
    ("theorem", None, bytes.decode),
    ("key_length_bits", 4, whole),
    ("least_key_bits", 8, whole),
    ("max_batches", 4, whole),
    ("max_refused_frames", 4, whole),
    ("pre_shared_key", 1, pre_shared_key),
    ("key_bases", 1, whole),
    ("flips", 2, share),
    ("both_test_settings", 1, whole),
    ("test_flags", None, flag_source),
    ("padded", 1, whole),
    ("answer_after_ms", 4, whole),
)


def parameters(hello):
    """The digest of a hello, and its fields as they are and as text; the digest has to be that of the fields."""
    fields = Fields(hello)
    digest, encoding = fields.take(32), hello[32:]
    need(derived("diqkd session parameters v1", encoding) == digest, "the digest is not that of the fields")
    texts = {}
    for name, size, text in PARAMETERS:
        data = fields.take(fields.unsigned(2))
        need(size in (None, len(data)), name)
        texts[name] = text(data)
    fields.end()
    return digest, texts


KINDS = {
    1: "hello",
    2: "sync-sample",
    3: "recorded",
    4: "verification-tag",
    5: "passed",
    6: "done",
    7: "abort",
    8: "unresolved-sessions",
    9: "outcomes",
    32: "rounds",
    33: "dropped-rounds",
    34: "test-settings",
    35: "syndrome",
    36: "failed-frames",
    37: "retry-bits",
    38: "hash-seed",
    39: "test-flags",
}


def message(kind, payload):
    """What a message says."""
    if kind == 1:
        digest, texts = parameters(payload)
        return " ".join([f"digest={digest.hex()}"] + [f"{name}={text}" for name, text in texts.items()])
    if kind == 2:
        times_ps = [t for (t,) in struct.iter_unpack("<q", payload)]
        need(times_ps == sorted(times_ps), "times decrease")
        return " ".join(["times_ps"] + [str(t) for t in times_ps])
    if kind >= 32:
        need(payload[0] in (0, 1), "neither the last piece nor another one")
        head, body = ("last" if payload[0] else "more"), payload[1:]
        if kind in (32, 33):
            return " ".join([head, "entries"] + [str(entry) for entry in entries(body)])
        return f"{head} bytes {body.hex()}"
    fields = Fields(payload)
    if kind == 3:
        text = f"rounds {fields.unsigned(8)}"
    elif kind == 4:
        text = f"seed {fields.take(16).hex()} tag {fields.unsigned(16):#x}"
    elif kind in (5, 6, 7):
        text = "nothing"
    else:
        words = []
        while fields.data:
            word = fields.take(16).hex()
            if kind == 9:
                answer = fields.unsigned(1)
                need(answer in (0, 1), "an outcome that is neither yes nor no")
                word += f":{answer}"
            words.append(word)
        text = " ".join(words)
    fields.end()
    return text


def record(index, data):
    """What a record of the journal says."""
    need(derived("diqkd journal record v1", data[:-16], length=16) == data[-16:], "the checksum")
    fields = Fields(data[:-16])
    need(fields.take(3) == b"\xd1\x4a\x01", "magic or version")
    kind = fields.unsigned(1)
    need(fields.unsigned(8) == index, "the index")
    need(fields.unsigned(2) == len(fields.data), "the length")
    if kind == 1:
        text = f"spent pool {fields.take(16).hex()} position {fields.unsigned(8)}"
    elif kind == 2:
        text = f"opened session {fields.take(16).hex()} role {fields.unsigned(1)} pool {fields.take(16).hex()}"
        text += f" from {fields.unsigned(8)} to {fields.unsigned(8)}"
    else:
        need(kind in (3, 4, 5), "the kind")
        text = f"{('seed-out', 'held', 'settled')[kind - 3]} session {fields.take(16).hex()}"
        if kind == 5:
            text += f" key {fields.unsigned(1)}"
    fields.end()
    return text


class Site:
    """What one site sends: its key and pads, the batch that is open, all messages so far."""

    def __init__(self, hash_key, pads):
        self.hash_key, self.pads = number(hash_key), pads
        self.frames = self.believed = self.batches = 0
        self.open, self.messages = [], b""


class Channel:
    """Follows a conversation frame by frame."""

    def __init__(self, session, digest, lanes):
        self.session, self.digest, self.check_key = session, digest, lanes["checks"]
        self.sites = [Site(lanes[f"hash {name}"], lanes[f"pads {name}"]) for name in ("alice", "bob")]

    def frame(self, data):
        checked, check = data[:-16], data[-16:]
        need(keyed(self.check_key, checked)[:16] == check, "the check")
        fields = Fields(checked)
        need(fields.unsigned(1) == 4, "the version")
        kind, sender, seal = (fields.unsigned(1) for _ in range(3))
        need(sender in (0, 1) and seal in (0, 1), "sender or seal")
        need(fields.take(16) == self.session, "the session")
        sequence, length = fields.unsigned(8), fields.unsigned(4)
        site, peer = self.sites[sender], self.sites[1 - sender]
        if kind == 255:
            need((seal, length) == (0, 0), "an acknowledgement with a seal or a payload")
            need(sequence == peer.believed, "the frame that is expected next")
            return fields.end()
        need(sequence == site.frames, "the sequence")
        payload = fields.take(length)
        message(kind, payload)
        site.frames += 1
        site.messages += struct.pack("<BQ", kind, length) + payload if kind not in (8, 9) else b""
        site.open.append(checked[: 32 + length])
        need(len(site.open) <= 16, "more than 16 frames in a batch")
        if seal:
            coefficients = []
            for part in site.open:
                coefficients += blocks_of(part) + [8 * len(part)]
            coefficients.append((1 << 127) + len(site.open))
            pad = site.pads[16 * site.batches :][:16]
            need(polynomial(site.hash_key, coefficients) ^ number(pad) == fields.unsigned(16), "the tag")
            site.open, site.believed, site.batches = [], site.frames, site.batches + 1
        fields.end()

    def transcript(self):
        context = "diqkd transcript v2"
        both = [derived(context, self.digest + site.messages) for site in self.sites]
        return derived(context, both[0] + both[1])


def cut(key, max_batches):
    """The pre-shared key in its parts."""
    fields, pads = Fields(key), 16 * max_batches
    parts = (("hash alice", 16), ("hash bob", 16), ("flags", 32), ("checks", 32), ("pads alice", pads), ("pads bob", pads))
    lanes = {name: fields.take(size) for name, size in parts}
    fields.end()
    return lanes


def pack(flags):
    return sum(flag << index for index, flag in enumerate(flags)).to_bytes(len(flags) // 8, "little")


def certificate(text):
    """A certificate's own sums: terms to length, parts of epsilon to the whole."""
    fields = json.loads(text)
    need(fields["certificate_version"] == 1, "the version of the certificate")
    need(fields["security_model"] == "di", "the security model of the certificate")
    bits = sum(term["bits"] for term in fields["terms"])
    need(fields["key_bits"] <= bits < fields["key_bits"] + 1, "key_bits is not the sum of the terms, rounded down")
    leak = [term["bits"] for term in fields["terms"] if term["name"] == "leak"]
    need(leak == [-fields["leak_bits"]], "the term of the leak")
    parts = {name: 2.0**log2 for name, log2 in fields["epsilons_log2"].items()}
    sound = parts.pop("sound")
    need(sum(parts.values()) <= sound * (1 + 1e-12), "the parts of epsilon are more than the whole")
    # Not all that is assumed of a session: what each of them rests on.
    for assumption in ("quantum-theory", "isolated-laboratories", "trusted-setting-rng", "authenticated-classical-channel"):
        need(assumption in fields["assumptions"], f"the assumption {assumption}")


class Vectors:
    """The lines of a file; each has to be asked for."""

    def __init__(self, path):
        self.lines, self.asked, self.name = {}, set(), "the file"
        with open(path, encoding="ascii") as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    self.name, separator, text = line.rstrip("\n").partition(" = ")
                    need(separator and self.name not in self.lines, "not a vector, or twice")
                    self.lines[self.name] = text

    def text(self, name):
        self.name = name
        need(name in self.lines, "missing")
        self.asked.add(name)
        return self.lines[name]

    def bytes(self, name):
        return bytes.fromhex(self.text(name))

    def number(self, name):
        return int(self.text(name))

    def expect(self, name, value):
        text = self.text(name)
        need(text == (value.hex() if isinstance(value, bytes) else value), f"recomputed: {value}")

    def expect_all_asked(self):
        for self.name in self.lines:
            need(self.name in self.asked, "not known")


def read(vectors):
    payloads = {}
    for kind, name in KINDS.items():
        payload = vectors.bytes(f"message.{kind:03}.{name}")
        vectors.expect(f"message.{kind:03}.{name}.says", message(kind, payload))
        payloads[kind] = payload
    digest, params = parameters(payloads[1])
    session = bytes.fromhex(params["session"])

    for index in range(5):
        data = vectors.bytes(f"journal.{index}")
        vectors.expect(f"journal.{index}.says", record(index, data))

    max_batches = vectors.number("given.max-batches")
    need(str(max_batches) == params["max_batches"], "not that of the parameters")
    lanes = cut(vectors.bytes("given.pre-shared-key"), max_batches)
    channel, index = Channel(session, digest, lanes), 0
    while f"frame.{index}" in vectors.lines:
        channel.frame(vectors.bytes(f"frame.{index}"))
        index += 1
    for site in channel.sites:
        need((site.open, site.batches) == ([], max_batches), "not every batch came to its seal")
    transcript = channel.transcript()
    vectors.expect("transcript", transcript)

    gamma = int(params["gamma"].partition("/")[0])
    words = keyed(lanes["flags"], b"diqkd test flags v1", length=512)
    flags = pack([word < gamma for (word,) in struct.iter_unpack("<H", words)])
    vectors.expect("test-flags.first-256-rounds", flags)
    bases = pack([byte & 1 for byte in keyed(lanes["flags"], b"diqkd key bases v1", length=256)])
    vectors.expect("key-bases.first-256-rounds", bases)

    n, m = vectors.number("given.string-bits"), vectors.number("given.key-bits")
    string, piece = vectors.bytes("given.string"), vectors.number("given.key-length-bits")
    need(len(string) == -(-n // 8) and number(string) >> n == 0, "not a string of so many bits")
    vectors.name = "message.004.verification-tag"
    seed, tag = payloads[4][:16], number(payloads[4][16:])
    need(verification_tag(seed, string, n, int(params["verification_tag_bits"])) == tag, "the tag is not that of the string")
    vectors.name = "message.038.hash-seed"
    seed = payloads[38][1:]
    need(len(seed) == -(-(n + m - 1) // 8) and number(seed) >> n + m - 1 == 0, "not a seed of so many bits")
    key = toeplitz(string, n, seed, m)
    for index in range(m // piece):
        material = transcript + struct.pack("<Q", index)
        vectors.expect(f"key.{index}.id", derived("diqkd key id v1", material, length=16))
        vectors.expect(f"key.{index}.bits", (key >> piece * index & (1 << piece) - 1).to_bytes(piece // 8, "little"))

    name = "certificate-v1.json"
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), encoding="ascii") as file:
        text = file.read().rstrip("\n")
    vectors.expect(f"{name}.digest", blake3(text.encode()))
    certificate(text)
    vectors.expect_all_asked()


def main(paths):
    wrong = 0
    for path in paths:
        vectors = None
        try:
            vectors = Vectors(path)
            read(vectors)
            print(f"{path}: {len(vectors.asked)} vectors hold")
        except (Wrong, ValueError, KeyError, IndexError, OverflowError, struct.error) as error:
            print(f"{path}: {vectors.name if vectors else 'the file'}: {error}")
            wrong = 1
    return wrong


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
