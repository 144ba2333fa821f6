"""Damage to a file, by chance."""

import random


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Bytes changed, a stretch repeated, zeroed or left out, the end cut off."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at, length = rng.randrange(len(found)), rng.choice((1, 2, 4, 8, 64, 512))
        match rng.randrange(8):
            case 0:
                found[at : at + length] = bytes(len(found[at : at + length]))
            case 1:
                found[at : at + length] = b""
            case 2:
                found[at:at] = found[at : at + length]
            case 3 if rng.random() < 0.2:
                del found[max(8, at) :]
            case 4:
                found[at : at + length] = rng.randbytes(len(found[at : at + length]))
            case 5:
                found[at : at + 4] = rng.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000)).to_bytes(4, "little")
            case _:
                found[at] ^= 1 << rng.randrange(8)
        if not found:
            found = bytearray(b"\0")
    return bytes(found)
